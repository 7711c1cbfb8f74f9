package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/rig/contract"
)

// contractCalls is the table of the REST contract, the platform's calls included.
var contractCalls = []string{
	"POST /v1/users", "POST /v1/login", "POST /v1/token", "POST /v1/logout", "DELETE /v1/users/me/sessions", "GET /v1/users/me/second-factor", "POST /v1/users/me/second-factor", "PUT /v1/users/me/second-factor", "POST /v1/users/me/second-factor/remove",
	"POST /v1/password-resets", "POST /v1/password-resets/redeem", "GET /.well-known/jwks.json",
	"GET /v1/users/me", "PATCH /v1/users/me", "DELETE /v1/users/me", "PUT /v1/users/me/password", "GET /v1/users/{id}", "GET /v1/users", "GET /v1/streamers",
	"POST /v1/users/me/charges", "GET /v1/users/me/transactions",
	"POST /v1/missions", "GET /v1/missions", "GET /v1/missions/{id}",
	"POST /v1/missions/{id}/accept", "POST /v1/missions/{id}/reject", "POST /v1/missions/{id}/success", "POST /v1/missions/{id}/fail",
	"POST /v1/missions/{id}/withdraw",
	"POST /v1/missions/{id}/bets", "GET /v1/missions/{id}/bets/{bet_id}", "GET /v1/missions/{id}/contributors",
	"GET /v1/missions/{id}/events", "GET /v1/streamers/{id}/events",
	"GET /v1/books",
	"GET /v1/deadletters", "GET /v1/deadletters/{id}", "POST /v1/deadletters/{id}/redrive",
	"GET /healthz", "GET /readyz",
}

// described is the API's own description, for the tests to compare calls with.
var described = sync.OnceValues(func() (*contract.Contract, error) {
	text, err := api.OpenAPI()
	if err != nil {
		return nil, err
	}
	return contract.Read(context.Background(), text)
})

// document is the description as any client would read it.
func document() (*openapi3.T, error) {
	c, err := described()
	if err != nil {
		return nil, err
	}
	return c.Document, nil
}

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
	want := slices.Sorted(slices.Values(contractCalls))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-contract +document):\n%s", diff)
	}
}

func TestEveryCallOfTheContractIsServed(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, call := range contractCalls {
		method, path, _ := strings.Cut(call, " ")
		path = strings.NewReplacer("{id}", "00000000-0000-7000-8000-000000000000", "{bet_id}", "00000000-0000-7000-8000-000000000000").Replace(path)
		r := s.call(method, path, "", nil)
		if r.status == http.StatusMethodNotAllowed || r.status == http.StatusNotFound && strings.Contains(string(r.body), "no such route") {
			t.Errorf("%s is not served: %d %s", call, r.status, r.body)
		}
	}
}
