package edge

import (
	"maps"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// Header is a header of answers that no handler sets by itself.
type Header struct {
	Name, Doc string
	Schema    huma.Schema
	on        func(status int) bool // nil is always
}

// headersOf are what the edge itself adds to answers.
func headersOf() []Header {
	return []Header{
		{"X-Request-Id", "The trace of the call. Name it when you ask about the call.", huma.Schema{Type: huma.TypeString}, nil},
		{"RateLimit", "How many calls are left until when, by limit (draft-ietf-httpapi-ratelimit-headers-10).", huma.Schema{Type: huma.TypeString}, nil},
		{"RateLimit-Policy", "The limits that count this call, in calls and seconds.", huma.Schema{Type: huma.TypeString}, nil},
		{"Retry-After", "Seconds to wait before the call is repeated.", huma.Schema{Type: huma.TypeInteger, Format: "int32"}, func(status int) bool { return status == 429 || status >= 500 }},
		{"WWW-Authenticate", "How to sign in (RFC 6750).", huma.Schema{Type: huma.TypeString}, func(status int) bool { return status == 401 }},
	}
}

// commonHeaders describes them once, for the answers to refer to.
func (e *Edge) commonHeaders() map[string]*huma.Header {
	described := map[string]*huma.Header{}
	for _, c := range e.headers {
		schema := c.Schema
		described[c.Name] = &huma.Header{Description: c.Doc, Schema: &schema}
	}
	return described
}

// documentHeaders names the headers of each answer of an operation.
func (e *Edge) documentHeaders(responses map[string]*huma.Response) {
	for text, r := range responses {
		status, _ := strconv.Atoi(text)
		headers := maps.Clone(r.Headers) // two answers may share theirs
		if headers == nil {
			headers = map[string]*huma.Param{}
		}
		for _, c := range e.headers {
			if c.on == nil || c.on(status) {
				headers[c.Name] = &huma.Param{Ref: "#/components/headers/" + c.Name}
			}
		}
		r.Headers = headers
	}
}
