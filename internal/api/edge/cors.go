package edge

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"
)

// preflightAge is how long a browser may remember that a call is allowed.
// Chromium takes no more than two hours.
const preflightAge = 2 * time.Hour

// ThisMachine are the origins of pages that the machine itself serves, on any port.
// They are for development: whoever may open a port there may call the API from a
// browser.
var ThisMachine = []string{"http://127.0.0.1:*", "http://localhost:*"}

// AllowOrigins lets scripts of the named web origins, such as
// https://app.example.com, call the API and read what it answers (the CORS
// protocol of the Fetch standard). With none, no browser lets any script do
// that. Scripts may read the headers that every API has, and those named here.
// Cookies are never allowed: the API has none. Those of ThisMachine are the only
// ones with a star. An error names an origin that is none.
func AllowOrigins(next http.Handler, origins []string, headers ...string) (http.Handler, error) {
	if len(origins) == 0 {
		return next, nil
	}
	for _, origin := range origins {
		if slices.Contains(ThisMachine, origin) {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != origin || strings.Contains(origin, "*") {
			return nil, fmt.Errorf("%q is no web origin like https://app.example.com", origin)
		}
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "Prefer", "Last-Event-ID", "Traceparent"},
		ExposedHeaders: append([]string{"Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Preference-Applied", "X-Request-Id", "WWW-Authenticate"}, headers...),
		MaxAge:         int(preflightAge.Seconds()),
	}).Handler(next), nil
}
