package api_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/api"
)

// contract is the table of the REST contract, the platform's calls included.
var contract = []string{
	"POST /v1/users", "POST /v1/login", "POST /v1/token", "POST /v1/logout", "DELETE /v1/users/me/sessions", "GET /v1/users/me/second-factor", "POST /v1/users/me/second-factor", "PUT /v1/users/me/second-factor", "POST /v1/users/me/second-factor/remove",
	"POST /v1/password-resets", "POST /v1/password-resets/redeem", "GET /.well-known/jwks.json",
	"GET /v1/users/me", "PATCH /v1/users/me", "DELETE /v1/users/me", "PUT /v1/users/me/password", "GET /v1/users/{id}", "GET /v1/streamers",
	"POST /v1/users/me/charges", "GET /v1/users/me/transactions",
	"POST /v1/missions", "GET /v1/missions", "GET /v1/missions/{id}",
	"POST /v1/missions/{id}/accept", "POST /v1/missions/{id}/reject", "POST /v1/missions/{id}/success", "POST /v1/missions/{id}/fail",
	"POST /v1/missions/{id}/bets", "GET /v1/missions/{id}/bets/{bet_id}", "GET /v1/missions/{id}/contributors",
	"GET /v1/missions/{id}/events", "GET /v1/streamers/{id}/events",
	"GET /v1/books",
	"GET /v1/deadletters", "GET /v1/deadletters/{id}", "POST /v1/deadletters/{id}/redrive",
	"GET /healthz", "GET /readyz",
}

// document is the description as any client would read it.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	text, err := api.OpenAPI()
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
})

func TestTheOpenAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	doc, err := document()
	if err != nil {
		t.Fatalf("an OpenAPI reader can't read the document: %v", err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("the OpenAPI document is not valid: %v", err)
	}
}

func TestTheDocumentHasTheContractsCallsAndNoOther(t *testing.T) {
	t.Parallel()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			got = append(got, method+" "+path)
			if op.Summary == "" || len(op.Tags) != 1 || op.OperationID == "" {
				t.Errorf("%s %s has no summary, no tag or no id", method, path)
			}
		}
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(contract))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-contract +document):\n%s", diff)
	}
}

func TestEveryCallOfTheContractIsServed(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, call := range contract {
		method, path, _ := strings.Cut(call, " ")
		path = strings.NewReplacer("{id}", "00000000-0000-7000-8000-000000000000", "{bet_id}", "00000000-0000-7000-8000-000000000000").Replace(path)
		r := s.call(method, path, "", nil)
		if r.status == http.StatusMethodNotAllowed || r.status == http.StatusNotFound && strings.Contains(string(r.body), "no such route") {
			t.Errorf("%s is not served: %d %s", call, r.status, r.body)
		}
	}
}

var router = sync.OnceValues(func() (routers.Router, error) {
	doc, err := document()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
})

// checkAgainstDocument fails the test if an answer is not as the document says.
func checkAgainstDocument(t testing.TB, request *http.Request, r reply) {
	t.Helper()
	routes, err := router()
	if err != nil {
		t.Fatalf("route by the document: %v", err)
	}
	bare, err := http.NewRequestWithContext(context.Background(), request.Method, request.URL.EscapedPath(), nil)
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := routes.FindRoute(bare)
	if err != nil || strings.HasPrefix(r.header.Get("Content-Type"), "text/") {
		return // not a call of the contract, or a stream
	}
	if strings.Contains(string(r.body), "There is no such route.") {
		return // this instance plays a part that does not have the call
	}
	if route.Operation.Responses.Status(r.status) == nil {
		t.Errorf("%s answered %d, which the document does not tell of: %s", r.what, r.status, r.body)
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: bare, PathParams: params, Route: route},
		Status:                 r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%s: the answer is not as the document says: %v", r.what, err)
	}
}
