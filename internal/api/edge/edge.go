// Package edge is the HTTP of an API: reading requests and agreeing on answers,
// problems, idempotency keys, pages, limits, overload, streams, the health and
// the documentation of all of it. It exists so that a resource is only about
// what it does: it registers operations with [Serve] and returns errors.
//
// It knows no mission and no cash. What it needs of them it is given in
// [Options], as functions and interfaces of its own.
//
// # Order of refusals
//
// A call is refused by the first of these that applies: the limit of the address
// (429), the route (404, 405), the token (401), the role (403), the key (400),
// the media types (406, 415), the body's size and syntax (413, 400), the shape
// of parameters and body (422). What comes after that is up to the resource.
//
// # Errors
//
// Every error is application/problem+json with a stable code. An error that is
// not a fault of package fault is logged in full and shown as 500 without its
// text; one of the network or of a database that is going away is shown as 503,
// because the call succeeds when it is repeated.
package edge

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"

	"example.com/missionpot/internal/auth/token"
)

// Options is everything an edge needs.
type Options struct {
	Title, About string      // of the document
	Tags         []*huma.Tag // in the order in which the document shows them
	// Headers are those that Announce sets.
	Headers []Header
	// Announce sets headers of every answer but those to the platform's probes.
	Announce func(ctx context.Context, h http.Header)
	// Numbers reads whole numbers of other types than int64; see [WholeNumbers].
	Numbers []*json.Unmarshalers

	Tokens Verifier
	// Admit refuses a bearer whose sign-in has ended. The context it returns is
	// that of the handler.
	Admit func(ctx context.Context, b token.Bearer) (context.Context, error)

	Probes []Probe // what /readyz asks

	// PerAddress and PerUser are how many calls are taken in a minute, 0 for any
	// number.
	PerAddress, PerUser int
	// MaxCalls and MaxStreams are how many are worked on at once, 0 for any number.
	MaxCalls, MaxStreams int
	// TrustedHops is how many addresses at the right end of X-Forwarded-For the
	// platform has appended; the first of them is the client's. With 0 the header
	// is not looked at.
	TrustedHops int
	// Network is what addresses that share their limits have in common.
	Network func(netip.Addr) string

	Draining <-chan struct{} // closed when streams must end; nil never
	Now      func() time.Time
	Log      *slog.Logger
}

// Verifier reads access tokens.
type Verifier interface {
	// Verify returns whom a token was made for, or fault.Unauthenticated.
	Verify(signed string) (token.Bearer, error)
}

// Edge serves operations over HTTP. Register all of them before [Edge.Handler] is
// called.
type Edge struct {
	options             Options
	log                 *slog.Logger
	security            SecurityLog
	huma                huma.API
	mux                 *http.ServeMux
	metrics             metrics
	headers             []Header
	perAddress, perUser *Quota
	calls, streams      *places
	offers              map[string][]string // of the routes that may be answered with a stream, by pattern
}

// The names of fields are exact. huma accepts them in any case by
// default, checks one spelling and lets the decoder read the other.
func init() { huma.ValidateStrictCasing = true }

// New makes an edge that serves its health and nothing else yet. It does no I/O.
func New(o Options) *Edge {
	e := &Edge{
		options: o, log: o.Log, security: NewSecurityLog(o.Log), mux: http.NewServeMux(), metrics: newMetrics(),
		headers:    append(headersOf(), o.Headers...),
		perAddress: NewQuota("address", o.PerAddress, o.Now), perUser: NewQuota("user", o.PerUser, o.Now),
		calls: newPlaces(o.MaxCalls), streams: newPlaces(o.MaxStreams), offers: map[string][]string{},
	}
	e.huma = humago.New(e.mux, e.config())
	e.serveHealth()
	return e
}

// Handler serves what was registered, and its documentation.
func (e *Edge) Handler() http.Handler {
	e.tidy()
	e.serveDocumentation()
	return e.middleware()
}

// Document describes what was registered: OpenAPI, in YAML.
func (e *Edge) Document() ([]byte, error) {
	e.tidy()
	return e.huma.OpenAPI().YAML()
}
