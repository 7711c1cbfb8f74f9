package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contract is the OpenAPI document as the API serves it, read by a library that
// had no part in making it.
type contract struct {
	document *openapi3.T
	router   routers.Router
	problem  *openapi3.Schema
}

func fetchContract(api string) (*contract, error) {
	resp, err := http.Get(api + "/openapi.json")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read /openapi.json: %w", err)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("/openapi.json is not valid OpenAPI: %w", err)
	}
	// The one server it names is wherever it came from; the router takes that literally.
	document.Servers = nil
	router, err := legacy.NewRouter(document)
	if err != nil {
		return nil, err
	}
	problem := document.Components.Schemas["Problem"]
	if problem == nil {
		return nil, errors.New("/openapi.json has no schema Problem")
	}
	return &contract{document: document, router: router, problem: problem.Value}, nil
}

// check compares an answer with what the document says about it. Every error,
// of whatever route, must be a problem.
func (c *contract) check(r *http.Request, a answer) error {
	if a.status >= http.StatusBadRequest {
		if err := c.checkProblem(a); err != nil {
			return fmt.Errorf("%s %s: %d: %w: %s", r.Method, r.URL.Path, a.status, err, a.body)
		}
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed {
			return nil // no route, and the answer says so
		}
		return fmt.Errorf("%s %s: %d, but the document has no such route: %w", r.Method, r.URL.Path, a.status, err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		return fmt.Errorf("%s %s: %d is not as documented: %w: %s", r.Method, r.URL.Path, a.status, err, a.body)
	}
	return nil
}

// checkProblem wants RFC 9457, with a code to program against.
func (c *contract) checkProblem(a answer) error {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || media != "application/problem+json" {
		return fmt.Errorf("Content-Type is %q, want application/problem+json", a.header.Get("Content-Type"))
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	if err := c.problem.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		return fmt.Errorf("the body is not a Problem: %w", err)
	}
	p := a.problem()
	if p.Code == "" || p.Status != a.status || strings.TrimSpace(p.Title) == "" {
		return fmt.Errorf("code is %q, status %d, title %q; want all three, and the answer's status", p.Code, p.Status, p.Title)
	}
	return nil
}
