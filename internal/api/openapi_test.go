package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/missionpot/internal/api"
)

// document is the description as any client would read it.
func document(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatalf("write the OpenAPI document: %v", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("an OpenAPI reader can't read the document: %v", err)
	}
	return doc
}

func TestTheOpenAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	if err := document(t).Validate(t.Context()); err != nil {
		t.Errorf("the OpenAPI document is not valid: %v", err)
	}
}
