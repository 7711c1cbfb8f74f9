package api

import (
	"maps"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// commonHeader is a header of answers that no handler sets by itself.
type commonHeader struct {
	name, doc string
	schema    huma.Schema
	on        func(status int) bool
}

func always(int) bool { return true }

// commonHeadersOf are what the layers around the handlers add to answers.
var commonHeadersOf = []commonHeader{
	{"X-Request-Id", "The trace of the call. Name it when you ask about the call.", huma.Schema{Type: huma.TypeString}, always},
	{modeHeader, "Whether new cash is taken. Left out by the platform's probes, and while it is not known.", huma.Schema{Type: huma.TypeString, Enum: []any{"open", "exit_only"}}, always},
	{"RateLimit", "How many calls are left until when, by limit (draft-ietf-httpapi-ratelimit-headers-10).", huma.Schema{Type: huma.TypeString}, always},
	{"RateLimit-Policy", "The limits that count this call, in calls and seconds.", huma.Schema{Type: huma.TypeString}, always},
	{"Retry-After", "Seconds to wait before the call is repeated.", huma.Schema{Type: huma.TypeInteger, Format: "int32"}, func(status int) bool { return status == 429 || status >= 500 }},
	{"WWW-Authenticate", "How to sign in (RFC 6750).", huma.Schema{Type: huma.TypeString}, func(status int) bool { return status == 401 }},
}

// commonHeaders describes them once, for the answers to refer to.
func commonHeaders() map[string]*huma.Header {
	described := map[string]*huma.Header{}
	for _, c := range commonHeadersOf {
		schema := c.schema
		described[c.name] = &huma.Header{Description: c.doc, Schema: &schema}
	}
	return described
}

// documentHeaders names the headers of each answer of an operation.
func documentHeaders(responses map[string]*huma.Response) {
	for text, r := range responses {
		status, _ := strconv.Atoi(text)
		headers := maps.Clone(r.Headers) // two answers may share theirs
		if headers == nil {
			headers = map[string]*huma.Param{}
		}
		for _, c := range commonHeadersOf {
			if c.on(status) {
				headers[c.name] = &huma.Param{Ref: "#/components/headers/" + c.name}
			}
		}
		r.Headers = headers
	}
}
