package main

import (
	"os"
	"testing"

	"example.com/missionpot/internal/api"
)

func TestTheWrittenOpenAPIDocumentIsFresh(t *testing.T) {
	t.Parallel()
	fresh, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != string(written) {
		t.Error("docs/openapi.yaml is not what the code says; run `go generate ./run/api`")
	}
}
