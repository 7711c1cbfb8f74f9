package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// undeclared are headers that a document need not name: those of HTTP itself
// (RFC 9110, RFC 9111, RFC 9112), those that only browsers act on, and the one by
// which proxies pass a stream on at once.
var undeclared = []string{
	"Allow", "Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Transfer-Encoding", "Vary",
	"Content-Security-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
	"Permissions-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
	"X-Permitted-Cross-Domain-Policies",
	"X-Accel-Buffering",
}

// checkAnswer compares an answer's status, headers and body with its operation.
func (c *Contract) checkAnswer(got call, input *openapi3filter.RequestValidationInput) error {
	status := got.answer.StatusCode
	described := input.Route.Operation.Responses.Status(status)
	if described == nil {
		return fmt.Errorf("the document does not list the status")
	}
	for name := range got.answer.Header {
		declared := slices.ContainsFunc(headersOf(described.Value), func(d string) bool { return strings.EqualFold(d, name) })
		if !declared && !slices.Contains(undeclared, name) && !strings.HasPrefix(name, "Access-Control-") {
			return fmt.Errorf("the document does not list the header %s", name)
		}
	}
	if err := hasBodyAsDeclared(got, described.Value); err != nil {
		return err
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: got.answer.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: got.headOnly},
	}
	answer.SetBodyBytes(got.received)
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		return fmt.Errorf("the answer is not as documented: %w", err)
	}
	return nil
}

func headersOf(r *openapi3.Response) (names []string) {
	for name := range r.Headers {
		names = append(names, name)
	}
	return names
}

// hasBodyAsDeclared looks at the media type, which the library leaves out together
// with a body that is not read, and at bodies where the document has none.
func hasBodyAsDeclared(got call, described *openapi3.Response) error {
	media := got.answer.Header.Get("Content-Type")
	if len(described.Content) == 0 {
		if len(got.received) > 0 {
			return fmt.Errorf("the document has no body, the answer has one of %q", media)
		}
		return nil
	}
	if described.Content.Get(media) == nil {
		return fmt.Errorf("the document does not list the media type %q", media)
	}
	return nil
}

// checkProblem wants RFC 9457, with a code to program against.
func (c *Contract) checkProblem(got call) error {
	header := got.answer.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(header)
	if err != nil || media != "application/problem+json" {
		return fmt.Errorf("Content-Type is %q, want application/problem+json", header)
	}
	var value any
	if err := json.Unmarshal(got.received, &value); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	if err := c.problem.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		return fmt.Errorf("the body is not a Problem: %w", err)
	}
	var p struct {
		Title, Code string
		Status      int
	}
	if err := json.Unmarshal(got.received, &p); err != nil {
		return fmt.Errorf("the body is not a Problem: %w", err)
	}
	if p.Code == "" || p.Status != got.answer.StatusCode || strings.TrimSpace(p.Title) == "" {
		return fmt.Errorf("code is %q, status %d, title %q; want all three, and the answer's status", p.Code, p.Status, p.Title)
	}
	return nil
}

// bareRequest is the request as it was sent, for the library to read.
func (g call) bareRequest() *http.Request {
	r := g.request.Clone(g.request.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(g.sent)), int64(len(g.sent))
	r.GetBody = nil
	return r
}
