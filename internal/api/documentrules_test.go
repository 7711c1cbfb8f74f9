package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// The rules here are those of Redocly and Spectral that tools/openapilint lacks,
// and some that say more about this document than a linter knows.

// Spectral's openapi-tags-uniqueness.
func TestTheDocumentSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	doc, _ := documentOperations(t)
	if doc.Info.License == nil || doc.Info.License.Name == "" || doc.Info.Contact == nil || doc.Info.Contact.Name == "" || doc.Info.Description == "" {
		t.Errorf("the document lacks a licence, a contact or a description: %+v", doc.Info)
	}
	seen := map[string]bool{}
	for _, tag := range doc.Tags {
		if tag.Description == "" || seen[tag.Name] {
			t.Errorf("the tag %s has no description or comes twice", tag.Name)
		}
		seen[tag.Name] = true
	}
}

// Redocly's security-defined and operation-summary; Spectral's operation-description and
// oas3-operation-security-defined.
func TestEveryOperationSaysWhoMayCallItAndWhatItDoes(t *testing.T) {
	t.Parallel()
	doc, operations := documentOperations(t)
	ids := map[string]bool{}
	for name, op := range operations {
		if op.Security == nil {
			t.Fatalf("%s does not say whether it needs a token", name)
		}
		for _, requirement := range *op.Security {
			for scheme := range requirement {
				if doc.Components.SecuritySchemes[scheme] == nil {
					t.Errorf("%s needs %s, which the document does not define", name, scheme)
				}
			}
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

// Generators make a value of their own of a null among others, and names of the names
// of schemas (Redocly's spec-components-invalid-map-name).
func TestTheDocumentsSchemasAreFitForGenerators(t *testing.T) {
	t.Parallel()
	doc, _ := documentOperations(t)
	for name, schema := range doc.Components.Schemas {
		eachSchema(name, schema, func(at string, s *openapi3.Schema) {
			if slices.Contains(s.Enum, nil) {
				t.Errorf("%s has null in its enumeration", at)
			}
			if strings.Contains(strings.ToLower(s.Description), "or null") && !s.Type.Includes("null") {
				t.Errorf("%s can be null by its description, and by its type not", at)
			}
		})
		if !regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`).MatchString(name) {
			t.Errorf("the schema's name %s does not fit a type", name)
		}
	}
}

// Spectral's oas3-valid-schema-example and oas3-valid-media-example.
func TestTheDocumentsExamplesAreValid(t *testing.T) {
	t.Parallel()
	doc, operations := documentOperations(t)
	seen := 0
	look := func(at string, ref *openapi3.SchemaRef, examples ...any) {
		eachSchema(at, ref, func(at string, s *openapi3.Schema) {
			for _, example := range slices.Concat(s.Examples, examples) {
				seen++
				if err := s.VisitJSON(example, openapi3.EnableJSONSchema2020()); err != nil {
					t.Errorf("the example %v of %s: %v", example, at, err)
				}
			}
			examples = nil // they are of the whole
		})
	}
	for name, schema := range doc.Components.Schemas {
		look(name, schema)
	}
	for name, op := range operations {
		for _, p := range op.Parameters {
			look(name+" "+p.Value.Name, p.Value.Schema, given(p.Value.Example)...)
		}
		for status, response := range op.Responses.Map() {
			for media, content := range response.Value.Content {
				look(name+" "+status+" "+media, content.Schema, given(content.Example)...)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d examples were looked at, want at least 20", seen)
	}
}

func given(example any) []any {
	if example == nil {
		return nil
	}
	return []any{example}
}

// The OWASP rules of the linter that do not distinguish requests from answers: what comes from
// outside has a limit, and a form where it has one.
func TestEverythingThatARequestSendsIsBounded(t *testing.T) {
	t.Parallel()
	_, operations := documentOperations(t)
	check := func(at string, s *openapi3.Schema) {
		closed := s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has
		bounded := len(s.Enum) > 0 || s.Type.Includes("boolean") ||
			s.Type.Includes("string") && (s.MaxLength != nil || s.Format == "uuid") ||
			s.Type.Includes("integer") && s.Min != nil && s.Max != nil ||
			s.Type.Includes("array") && s.MaxItems != nil || s.Type.Includes("object") && closed
		if !bounded {
			t.Errorf("%s has no limit", at)
		}
	}
	for name, op := range operations {
		for _, p := range op.Parameters {
			if p.Value.Name == "Prefer" {
				continue // may say anything (RFC 7240); the server bounds all headers together
			}
			eachSchema(name+" "+p.Value.Name, p.Value.Schema, check)
		}
		if op.RequestBody != nil {
			eachSchema(name+" body", op.RequestBody.Value.Content["application/json"].Schema, check)
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
