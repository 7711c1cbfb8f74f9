package contract_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/contract"
)

const document = `
openapi: 3.1.0
info: {title: Pots, version: "1"}
paths:
  /pots/{id}:
    put:
      security: [{bearer: []}]
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, pattern: "^[a-z]+$"}}
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: Idempotency-Key, in: header, required: true, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, additionalProperties: false, properties: {amount: {type: integer, minimum: 100}}, required: [amount]}
      responses:
        "200":
          description: OK
          headers: {Retry-After: {schema: {type: integer}}}
          content:
            application/json:
              schema: {type: object, properties: {held: {type: integer}, at: {type: [string, "null"], format: date-time}}, required: [held, at]}
        "201": {description: Made}
        "422": {description: No, content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}}
    get:
      security: [{bearer: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: OK}}
  /pots/all:
    get:
      security: []
      responses:
        "200": {description: OK, headers: {X-Request-Id: {schema: {type: string}}}, content: {text/event-stream: {schema: {type: string}}}}
        "204": {description: Over}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Problem:
      type: object
      properties: {title: {type: string}, status: {type: integer}, code: {type: string}}
      required: [title, status, code]
`

// exchange is a call and the answer it gets.
type exchange struct {
	method, path, body  string
	status              int
	received, mediaType string
	sentHeader          map[string]string
	header              map[string]string
}

// put is a call that is as documented; a change makes another of it.
func put(change func(*exchange)) exchange {
	e := exchange{
		method: "PUT", path: "/pots/a?limit=7", body: `{"amount":100}`, status: 200, received: `{"held":100,"at":null}`, mediaType: "application/json",
		sentHeader: map[string]string{"Authorization": "Bearer x", "Idempotency-Key": "k", "Content-Type": "application/json"}, header: map[string]string{},
	}
	change(&e)
	return e
}

func watch(change func(*exchange)) exchange {
	e := exchange{method: "GET", path: "/pots/all", status: 200, mediaType: "text/event-stream", header: map[string]string{"X-Request-Id": "x"}}
	change(&e)
	return e
}

func TestACallThatIsAsDocumentedIsNotReported(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]exchange{
		"a call":                put(func(*exchange) {}),
		"a declared header":     put(func(e *exchange) { e.header["Retry-After"] = "1" }),
		"an unknown field":      put(func(e *exchange) { e.received = `{"held":1,"at":"2026-01-02T03:04:05Z","more":1}` }),
		"a header of HTTP":      put(func(e *exchange) { e.header["Allow"] = "GET" }),
		"a refusal":             put(func(e *exchange) { refuse(e); e.body, e.path = `{"amount":1}`, "/pots/7" }),
		"a refusal of a route":  put(func(e *exchange) { refuse(e); e.path = "/nothing" }),
		"a stream":              watch(func(*exchange) {}),
		"the head of a refusal": watch(func(e *exchange) { refuse(e); e.method, e.path, e.received, e.header = "HEAD", "/nothing", "", nil }),
		"the head of a stream":  watch(func(e *exchange) { e.method = "HEAD" }),
		"no body":               watch(func(e *exchange) { e.status, e.mediaType, e.header = 204, "", nil }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := report(t, e); got != "" {
				t.Errorf("reported: %s", got)
			}
		})
	}
}

func refuse(e *exchange) {
	e.status, e.received, e.mediaType = 422, `{"title":"No","status":422,"code":"invalid"}`, "application/problem+json"
}

func TestAnAnswerThatIsNotAsDocumentedIsReported(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]exchange{
		"list the status":                 put(func(e *exchange) { e.status = 202 }),
		"list the header X-Secret":        put(func(e *exchange) { e.header["X-Secret"] = "1" }),
		`"Retry-After"`:                   put(func(e *exchange) { e.header["Retry-After"] = "soon" }),
		"missing property 'at'":           put(func(e *exchange) { e.received = `{"held":1}` }),
		"date-time":                       put(func(e *exchange) { e.received = `{"held":1,"at":"today"}` }),
		"want integer":                    put(func(e *exchange) { e.received = `{"held":"1","at":null}` }),
		`list the media type "text/html"`: put(func(e *exchange) { e.mediaType = "text/html" }),
		"the document has no body":        put(func(e *exchange) { e.status = 201 }),
		"no such operation":               put(func(e *exchange) { e.path = "/pots" }),
		"want application/problem+json":   put(func(e *exchange) { refuse(e); e.mediaType = "application/json" }),
		"not a Problem":                   put(func(e *exchange) { refuse(e); e.received = `{"title":"No","status":422}` }),
		"and the answer's status":         put(func(e *exchange) { refuse(e); e.status = 409 }),
		"list the header X-Late":          watch(func(e *exchange) { e.header["X-Late"] = "1" }),
		"list the header X-Head":          watch(func(e *exchange) { e.method, e.header["X-Head"] = "HEAD", "1" }),
		`the media type "text/plain"`:     watch(func(e *exchange) { e.mediaType = "text/plain" }),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := report(t, e); !strings.Contains(got, want) {
				t.Errorf("reported: %q, want it to say %q", got, want)
			}
		})
	}
}

func TestAnAcceptedRequestThatIsNotAsDocumentedIsReported(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]exchange{
		"no token for bearer":          put(func(e *exchange) { delete(e.sentHeader, "Authorization") }),
		`"Idempotency-Key" in header`:  put(func(e *exchange) { delete(e.sentHeader, "Idempotency-Key") }),
		`parameter "id" in path`:       put(func(e *exchange) { e.path = "/pots/7" }),
		`parameter "limit" in query`:   put(func(e *exchange) { e.path = "/pots/a?limit=101" }),
		"no query parameter offset":    put(func(e *exchange) { e.path = "/pots/a?offset=1" }),
		"minimum: got 1, want 100":     put(func(e *exchange) { e.body = `{"amount":1}` }),
		"additional properties 'tip'":  put(func(e *exchange) { e.body = `{"amount":100,"tip":1}` }),
		"value is required":            put(func(e *exchange) { e.body = "" }),
		"Content-Type has unexpected":  put(func(e *exchange) { e.sentHeader["Content-Type"] = "text/plain" }),
		"request body not allowed":     watch(func(e *exchange) { e.body = "{}" }),
		"no query parameter last_seen": watch(func(e *exchange) { e.path += "?last_seen=1" }),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := report(t, e); !strings.Contains(got, want) {
				t.Errorf("reported: %q, want it to say %q", got, want)
			}
		})
	}
}

// report makes the call and returns what is reported of it.
func report(t *testing.T, e exchange) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != e.body {
			t.Errorf("the server got the body %q, %v; want %q", got, err, e.body)
		}
		for name, value := range e.header {
			w.Header().Set(name, value)
		}
		if e.mediaType != "" {
			w.Header().Set("Content-Type", e.mediaType)
		}
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, e.received) // there is none to HEAD
	}))
	defer server.Close()
	var mu sync.Mutex
	var reported []string
	c, err := contract.Read(t.Context(), []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: time.Minute, Transport: c.Transport(server.Client().Transport, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, err.Error())
	})}
	r := e.request(t.Context(), t, server.URL)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != e.received {
		t.Errorf("the client got the body %q, %v; want %q", got, err, e.received)
	}
	mu.Lock()
	defer mu.Unlock()
	return strings.Join(reported, "\n")
}

func (e exchange) request(ctx context.Context, t *testing.T, server string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, e.method, server+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range e.sentHeader {
		r.Header.Set(name, value)
	}
	return r
}

func TestADocumentWithoutProblemsOrThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no document": "nonsense", "not valid": "openapi: 3.1.0\ninfo: {title: x}\npaths: {}", "no Problem": "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {}",
	} {
		if _, err := contract.Read(t.Context(), []byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
