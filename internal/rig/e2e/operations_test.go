package e2e_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
)

// operation is one call that the document describes.
type operation struct {
	method, path string
	*openapi3.Operation
}

// operations lists all of them, in a fixed order.
func (s *fixture) operations() (all []operation) {
	paths := s.contract.Document.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		described := paths[path].Operations()
		for _, method := range slices.Sorted(maps.Keys(described)) {
			all = append(all, operation{method, path, described[method]})
		}
	}
	return all
}

// at fills in every parameter of the path.
func (o operation) at(value string) string {
	path := o.path
	for _, p := range o.Parameters {
		if p.Value.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", value)
		}
	}
	return path
}

// properties returns the fields of the body, or nil without one.
func (o operation) properties() openapi3.Schemas {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content["application/json"].Schema.Value.Properties
}

// example makes a body that the document allows.
func (o operation) example() map[string]any {
	body := map[string]any{}
	for name, p := range o.properties() {
		switch s := p.Value; {
		case len(s.Enum) > 0:
			body[name] = s.Enum[0]
		case s.Format == "uuid":
			body[name] = uuid.NewString()
		case name == "email":
			body[name] = uuid.NewString() + "@people.example"
		case s.Type.Includes("integer"):
			body[name] = *s.Min
		case s.Type.Includes("boolean"):
			body[name] = false
		case s.Type.Includes("string"):
			body[name] = strings.Repeat("a", max(8, int(s.MinLength)))
		}
	}
	return body
}

// as sends the operation in a person's name, with a key if it takes one.
func (o operation) as(p *person, path string, body any) request {
	r := request{method: o.method, path: path, body: body, token: p.token}
	for _, param := range o.Parameters {
		if param.Value.Name == "Idempotency-Key" {
			r.key = uuid.NewString()
		}
	}
	return r
}

// sweep counts the answers it checks, so that one that generates nothing fails.
type sweep struct {
	*fixture
	answers int
}

// refuses expects a 4xx, whatever its code. Every answer is also checked to be a documented
// problem+json.
func (s *sweep) refuses(t *testing.T, what string, r request) {
	t.Helper()
	if a := s.survives(t, what, r); a.status/100 != 4 {
		t.Errorf("%s %s with %s answers %d %s, want a refusal", r.method, r.path, what, a.status, a.body)
	}
}

// refusesAs expects exactly this status.
func (s *sweep) refusesAs(t *testing.T, status int, what string, r request) {
	t.Helper()
	if a := s.survives(t, what, r); a.status != status {
		t.Errorf("%s %s with %s answers %d %s, want %d", r.method, r.path, what, a.status, a.body, status)
	}
}

// survives allows any answer but a 5xx.
func (s *sweep) survives(t *testing.T, what string, r request) answer {
	t.Helper()
	s.answers++
	a := s.call(t, r)
	if a.status >= http.StatusInternalServerError {
		t.Errorf("%s %s with %s answers %d %s, want no failure of ours", r.method, r.path, what, a.status, a.body)
	}
	return a
}

func (s *sweep) sawAtLeast(t *testing.T, n int) {
	t.Helper()
	if s.answers < n {
		t.Errorf("%d answers were checked, want at least %d: is the document incomplete?", s.answers, n)
	}
}

// exampleWith returns the example with the given text for a field, valid JSON or not.
func (o operation) exampleWith(t *testing.T, field, text string) []byte {
	t.Helper()
	body := o.example()
	body[field] = "PLACE"
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Replace(string(encoded), "PLACE", text, 1))
}

func (o operation) exampleOrNil() any {
	if o.RequestBody == nil {
		return nil
	}
	return o.example()
}

// spoil lists values that are invalid for a field of its type.
func spoil(s *openapi3.Schema) map[string]any {
	wrong := map[string]any{"an object": map[string]any{"a": 1}, "a list": []int{1}}
	switch {
	case s.Type.Includes("integer"):
		maps.Copy(wrong, map[string]any{
			"text": "1000", "a fraction": json.RawMessage("100.5"), "a tiny fraction": json.RawMessage("100.0000000001"),
			"zero": 0, "less than nothing": -1000, "more than allowed": *s.Max + 1, "more than fits": json.RawMessage("99999999999999999999"),
			"more than a float": json.RawMessage("1e400"), "a boolean": true,
		})
	case s.Type.Includes("boolean"):
		maps.Copy(wrong, map[string]any{"text": "true", "a number": 1})
	case s.Type.Includes("string"):
		maps.Copy(wrong, map[string]any{"a number": 7, "a boolean": true})
		if s.MaxLength != nil {
			wrong["too long"] = strings.Repeat("a", int(*s.MaxLength)+1)
		}
		if len(s.Enum) > 0 || s.Format == "uuid" {
			wrong["nonsense"] = "nonsense"
		}
	}
	return wrong
}
