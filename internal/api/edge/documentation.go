package edge

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"example.com/missionpot/internal/core/fault"
)

//go:embed documentation.html
var documentationPage string

//go:embed documentation.css
var documentationStyle []byte

// serveDocumentation serves the description and a page made of it. The page is
// whole in itself: no script, nothing from another host.
func (e *Edge) serveDocumentation() {
	asJSON := sync.OnceValues(func() ([]byte, error) { return json.Marshal(e.huma.OpenAPI()) })
	asYAML := sync.OnceValues(func() ([]byte, error) { return e.huma.OpenAPI().YAML() })
	asPage := sync.OnceValues(e.renderDocumentation)
	e.serveText("/openapi.json", "application/openapi+json", asJSON)
	e.serveText("/openapi.yaml", "application/openapi+yaml", asYAML)
	e.serveText("/docs", "text/html; charset=utf-8", asPage)
	e.serveText("/docs/style.css", "text/css; charset=utf-8", func() ([]byte, error) { return documentationStyle, nil })
}

func (e *Edge) serveText(path, mediaType string, text func() ([]byte, error)) {
	e.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		body, err := text()
		if err != nil {
			e.problem(r.Context(), err).write(w)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		_, _ = w.Write(body) // a client that has gone needs no body
	})
}

// documentedCall is one operation as the page shows it.
type documentedCall struct {
	Method, Path string
	*huma.Operation
	Request   string // the body's fields, as JSON schema
	Responses []documentedResponse
}

type documentedResponse struct {
	Status string
	*huma.Response
	Schema string
}

func (e *Edge) renderDocumentation() ([]byte, error) {
	page, err := template.New("documentation").Funcs(template.FuncMap{"prose": prose}).Parse(documentationPage)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Document": e.huma.OpenAPI(), "Calls": e.documentedCalls(), "Faults": fault.Kinds(),
		"Schemas": e.documentedSchemas(),
	})
	return out.Bytes(), err
}

// documentedCalls lists the operations by tag, then by path.
func (e *Edge) documentedCalls() map[string][]documentedCall {
	calls := map[string][]documentedCall{}
	for path, item := range e.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if op == nil {
				continue
			}
			call := documentedCall{Method: method, Path: path, Operation: op, Responses: documentedResponses(op)}
			if op.RequestBody != nil {
				call.Request = schemaName(op.RequestBody.Content)
			}
			calls[op.Tags[0]] = append(calls[op.Tags[0]], call)
		}
	}
	for _, list := range calls {
		slices.SortFunc(list, func(a, b documentedCall) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
		})
	}
	return calls
}

func documentedResponses(op *huma.Operation) []documentedResponse {
	var responses []documentedResponse
	for status, response := range op.Responses {
		responses = append(responses, documentedResponse{status, response, schemaName(response.Content)})
	}
	slices.SortFunc(responses, func(a, b documentedResponse) int { return strings.Compare(a.Status, b.Status) })
	return responses
}

// schemaName is the name of the schema that a body refers to, or "".
func schemaName(content map[string]*huma.MediaType) string {
	for _, media := range content {
		if media.Schema != nil && media.Schema.Ref != "" {
			return media.Schema.Ref[strings.LastIndex(media.Schema.Ref, "/")+1:]
		}
	}
	return ""
}

// documentedSchemas is every schema as indented JSON, by name.
func (e *Edge) documentedSchemas() map[string]string {
	schemas := map[string]string{}
	for name, schema := range e.huma.OpenAPI().Components.Schemas.Map() {
		text, err := json.MarshalIndent(schema, "", "  ")
		if err == nil {
			schemas[name] = string(text)
		}
	}
	return schemas
}

// prose splits the little Markdown the descriptions use into paragraphs.
func prose(text string) []string {
	return strings.Split(strings.NewReplacer("`", "", "**", "", "*", "").Replace(text), "\n\n")
}
