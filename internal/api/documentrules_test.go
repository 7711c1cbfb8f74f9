package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// documentOperations lists the operations of the document by "METHOD path".
func documentOperations(t *testing.T) (*openapi3.T, map[string]*openapi3.Operation) {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all[method+" "+path] = op
		}
	}
	return doc, all
}

// Redocly's info-license; Spectral's info-contact and info-description.
func TestTheDocumentSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	doc, _ := documentOperations(t)
	if doc.Info.License == nil || doc.Info.License.Name == "" || doc.Info.Contact == nil || doc.Info.Contact.Name == "" || doc.Info.Description == "" {
		t.Errorf("the document lacks a licence, a contact or a description: %+v", doc.Info)
	}
	for _, tag := range doc.Tags {
		if tag.Description == "" {
			t.Errorf("the tag %s has no description", tag.Name)
		}
	}
}

// Redocly's security-defined and operation-4xx-response; Spectral's operation-description,
// operation-tag-defined and operation-success-response.
func TestEveryOperationSaysWhoMayCallItAndWhatItDoes(t *testing.T) {
	t.Parallel()
	doc, operations := documentOperations(t)
	ids := map[string]bool{}
	for name, op := range operations {
		if op.Security == nil {
			t.Errorf("%s does not say whether it needs a token", name)
		}
		if op.Description == "" || op.Summary == "" {
			t.Errorf("%s has no description or no summary", name)
		}
		if ids[op.OperationID] || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(op.OperationID) {
			t.Errorf("%s has the id %q, which is not the only one or not fit for a URL", name, op.OperationID)
		}
		ids[op.OperationID] = true
		if len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil {
			t.Errorf("%s has tags that the document does not list: %v", name, op.Tags)
		}
		for _, class := range []string{"2", "4"} {
			if !slices.ContainsFunc(op.Responses.Keys(), func(status string) bool { return status[:1] == class }) {
				t.Errorf("%s has no answer of the class %sXX", name, class)
			}
		}
	}
}

func TestEveryAnswerNamesTheHeadersItMayHave(t *testing.T) {
	t.Parallel()
	_, operations := documentOperations(t)
	for name, op := range operations {
		for text, response := range op.Responses.Map() {
			status, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"X-Request-Id", "Missionpot-Mode", "RateLimit", "RateLimit-Policy"}
			if status == 401 {
				want = append(want, "WWW-Authenticate")
			}
			if status == 429 || status >= 500 {
				want = append(want, "Retry-After")
			}
			for _, header := range want {
				if response.Value.Headers[header] == nil {
					t.Errorf("%s does not name the header %s of %d", name, header, status)
				}
			}
		}
	}
}

// Generators make a value of their own of a null among others. Spectral's
// oas3-unused-component belongs here as well.
func TestTheDocumentsSchemasAreFitForGenerators(t *testing.T) {
	t.Parallel()
	doc, _ := documentOperations(t)
	text, err := doc.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range doc.Components.Schemas {
		eachSchema(name, schema, func(at string, s *openapi3.Schema) {
			if slices.Contains(s.Enum, nil) {
				t.Errorf("%s has null in its enumeration", at)
			}
		})
		if !regexp.MustCompile(`"#/components/schemas/` + name + `"`).Match(text) {
			t.Errorf("nothing uses the schema %s", name)
		}
	}
}

func eachSchema(at string, ref *openapi3.SchemaRef, visit func(string, *openapi3.Schema)) {
	if ref == nil || ref.Value == nil || len(at) > 500 {
		return
	}
	visit(at, ref.Value)
	for name, property := range ref.Value.Properties {
		eachSchema(at+"."+name, property, visit)
	}
	for i, part := range slices.Concat(ref.Value.AnyOf, ref.Value.OneOf, ref.Value.AllOf) {
		eachSchema(fmt.Sprintf("%s/%d", at, i), part, visit)
	}
	eachSchema(at+"[]", ref.Value.Items, visit)
}
