// Package contract compares calls and their answers with an OpenAPI document. It
// reads the document with a library that had no part in making it.
package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Contract is an OpenAPI document to compare calls with.
type Contract struct {
	Document *openapi3.T
	problem  *openapi3.Schema
}

// Read reads a document in JSON or YAML. It must be valid and have the schema
// Problem, which every error has.
func Read(ctx context.Context, text []byte) (*Contract, error) {
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if err := document.Validate(ctx); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	if document.Components == nil || document.Components.Schemas["Problem"] == nil {
		return nil, errors.New("the OpenAPI document has no schema Problem")
	}
	problem := document.Components.Schemas["Problem"]
	return &Contract{Document: document, problem: problem.Value}, nil
}

// call is a request with its answer, both read to their end. The bodies of the
// two http values are not used.
type call struct {
	request  *http.Request
	sent     []byte
	answer   *http.Response
	received []byte
	headOnly bool // the answer is a stream, or one to HEAD
}

// check compares an answer with what the document says about it, and the request
// if the API accepted it. Every error, of whatever route, must be a problem.
func (c *Contract) check(got call) error {
	status := got.answer.StatusCode
	refused := status >= http.StatusBadRequest
	if refused && !got.headOnly {
		if err := c.checkProblem(got); err != nil {
			return got.wrap(err)
		}
	}
	route, params := c.route(got.request)
	if route == nil {
		if refused || status/100 == 3 || slices.Contains(pages, got.request.URL.Path) {
			return nil
		}
		return got.wrap(errors.New("the document has no such operation"))
	}
	input := &openapi3filter.RequestValidationInput{
		Request: got.bareRequest(), PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: hasBearer, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
		},
	}
	err := c.checkAnswer(got, input)
	if !refused {
		err = errors.Join(err, checkRequest(got.request.Context(), input))
	}
	return got.wrap(err)
}

// pages are the document itself and what is made of it. They are not in it.
var pages = []string{"/docs", "/docs/style.css", "/openapi.json", "/openapi.yaml"}

func (g call) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %d: %w: %.500s", g.request.Method, g.request.URL, g.answer.StatusCode, err, g.received)
}

// checkRequest looks at what an accepted request carried.
func checkRequest(ctx context.Context, input *openapi3filter.RequestValidationInput) error {
	declared := input.Route.Operation.Parameters
	for name := range input.Request.URL.Query() {
		if declared.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("accepted, but the document has no query parameter %s", name)
		}
	}
	if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
		return fmt.Errorf("accepted, but the request is not as documented: %w", err)
	}
	return nil
}

// hasBearer wants a token wherever the document asks for one. Whether it is a good
// one is for the API to say.
func hasBearer(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	scheme, token, _ := strings.Cut(in.RequestValidationInput.Request.Header.Get("Authorization"), " ")
	if in.SecurityScheme.Type != "http" || !strings.EqualFold(scheme, in.SecurityScheme.Scheme) || token == "" {
		return fmt.Errorf("no token for %s", in.SecuritySchemeName)
	}
	return nil
}

// route finds the operation of a request and the values in its path, or nil. The
// library's routers take ids for more, and for less, than one segment of a path.
func (c *Contract) route(r *http.Request) (found *routers.Route, params map[string]string) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for path, item := range c.Document.Paths.Map() {
		operation := item.GetOperation(method)
		values, fits := match(path, r.URL.EscapedPath())
		if operation == nil || !fits {
			continue
		}
		// Of /users/me and /users/{id} the one with fewer parameters is meant.
		if found == nil || len(values) < len(params) {
			found = &routers.Route{Spec: c.Document, Path: path, PathItem: item, Method: method, Operation: operation}
			params = values
		}
	}
	return found, params
}

// match reads a path's values by a template, and reports whether it fits.
func match(template, path string) (map[string]string, bool) {
	values := map[string]string{}
	fits := slices.EqualFunc(strings.Split(template, "/"), strings.Split(path, "/"), func(want, got string) bool {
		name, isParam := strings.CutPrefix(want, "{")
		if !isParam {
			return want == got
		}
		value, err := url.PathUnescape(got)
		values[strings.TrimSuffix(name, "}")] = value
		return err == nil && value != ""
	})
	return values, fits
}
