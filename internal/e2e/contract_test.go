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
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// contract is the OpenAPI document as the API serves it, read by a library that
// had no part in making it.
type contract struct {
	document *openapi3.T
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
	problem := document.Components.Schemas["Problem"]
	if problem == nil {
		return nil, errors.New("/openapi.json has no schema Problem")
	}
	return &contract{document: document, problem: problem.Value}, nil
}

// check compares an answer with what the document says about it. Every error,
// of whatever route, must be a problem.
func (c *contract) check(r *http.Request, a answer) error {
	if a.status >= http.StatusBadRequest {
		if err := c.checkProblem(a); err != nil {
			return fmt.Errorf("%s %s: %d: %w: %s", r.Method, r.URL.Path, a.status, err, a.body)
		}
	}
	route := c.route(r)
	if route == nil {
		if a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed {
			return nil // and the answer says so
		}
		return fmt.Errorf("%s %s: %d, but the document has no such route", r.Method, r.URL.Path, a.status)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		return fmt.Errorf("%s %s: %d is not as documented: %w: %s", r.Method, r.URL.Path, a.status, err, a.body)
	}
	return nil
}

// route finds the operation of a request, or nil. The library's routers take ids
// for more, and for less, than one segment of a path.
func (c *contract) route(r *http.Request) *routers.Route {
	var found *routers.Route
	for path, item := range c.document.Paths.Map() {
		o := item.GetOperation(r.Method)
		if o == nil || !fits(path, r.URL.EscapedPath()) {
			continue
		}
		// Of /users/me and /users/{id} the one with fewer parameters is meant.
		if found == nil || strings.Count(path, "{") < strings.Count(found.Path, "{") {
			found = &routers.Route{Spec: c.document, Path: path, PathItem: item, Method: r.Method, Operation: o}
		}
	}
	return found
}

// fits reports whether a path is one that the template describes.
func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(want, got string) bool {
		return want == got || strings.HasPrefix(want, "{") && got != ""
	})
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
