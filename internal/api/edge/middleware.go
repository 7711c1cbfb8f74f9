package edge

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/trace"

	"example.com/missionpot/internal/core/fault"
)

// writeTime is how long an answer may take to be written after the call began.
// A stream moves its own deadline on.
const writeTime = waitTime + 10*time.Second

// middleware is around every route: a place, trace, deadline, headers, log, and an
// answer even where there is no route or a handler panicked.
func (e *Edge) middleware() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, from := time.Now(), e.clientOf(r)
		handler, pattern := e.mux.Handler(r)
		room := e.placesFor(r, pattern)
		// Before the server sends a refusal it reads the body that nobody has read.
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(began.Add(bodyTime))
		}
		if !room.take(from.network) {
			e.rejectBusy(w, r)
			return
		}
		defer room.leave(from.network)
		ctx, span := startSpan(r, pattern)
		ctx = context.WithValue(ctx, clientKey, from)
		r = r.WithContext(ctx)
		seen := &recorder{ResponseWriter: w}
		// Without a deadline of its own a connection could hold an instance for ever.
		// A writer that has none, as in a test, needs none.
		_ = http.NewResponseController(w).SetWriteDeadline(began.Add(writeTime))
		e.setHeaders(ctx, w.Header(), pattern)
		defer e.metrics.measure(ctx, span, r, seen, pattern, began)
		defer e.logCall(ctx, r, seen, pattern, began)
		defer e.recoverPanic(ctx, seen)
		if err := e.limitAddress(r, pattern, w.Header()); err != nil {
			e.problem(ctx, err).write(seen)
			return
		}
		if pattern == "" {
			e.noRoute(seen, r, handler)
			return
		}
		e.mux.ServeHTTP(seen, r)
	})
}

// setHeaders sets what every answer has: what the OWASP REST Security Cheat Sheet
// and the Secure Headers Project ask of an API. The policy forbids a browser to
// do anything with an answer but show it; the documentation loosens it for itself.
func (e *Edge) setHeaders(ctx context.Context, h http.Header, pattern string) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Permitted-Cross-Domain-Policies", "none")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	h.Set("X-Request-Id", trace.SpanContextFromContext(ctx).TraceID().String())
	// Of the probes, one promises to ask nothing of any other part.
	if e.options.Announce != nil && !isProbe(pattern) {
		e.options.Announce(ctx, h)
	}
}

// noRoute turns the router's own refusal into a problem. The router knows the
// methods a path has; it lists them in Allow.
func (e *Edge) noRoute(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	probe := &refusal{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		newProblem(fault.NotFound.Because("There is no such route.")).write(w)
		return
	}
	allow := probe.header.Get("Allow")
	w.Header().Set("Allow", allow)
	newProblem(fault.NotAllowed.Because("This takes " + allow + ".")).write(w)
}

// refusal takes in what the router would have answered.
type refusal struct {
	header http.Header
	status int
}

func (f *refusal) Header() http.Header         { return f.header }
func (f *refusal) WriteHeader(status int)      { f.status = status }
func (f *refusal) Write(b []byte) (int, error) { return len(b), nil }

// recorder remembers the status for the log. Unwrap lets the stream's flushes
// and deadlines through.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recoverPanic answers a panic with 500. What it was is for the log.
func (e *Edge) recoverPanic(ctx context.Context, w *recorder) {
	what := recover()
	if what == nil {
		return
	}
	if what == http.ErrAbortHandler {
		panic(what) // net/http's own way to drop a connection
	}
	e.log.ErrorContext(ctx, "panic", "panic", what, "stack", string(debug.Stack()))
	if w.status == 0 {
		newProblem(fault.From(fault.Internal)).write(w)
	}
}

// logCall writes the access log: the route and never the path's or the query's
// values, which may name people.
func (e *Edge) logCall(ctx context.Context, r *http.Request, w *recorder, pattern string, began time.Time) {
	log := e.log.InfoContext
	if isProbe(pattern) {
		log = e.log.DebugContext
	}
	log(ctx, "call", "method", r.Method, "route", pattern, "status", w.status,
		"ms", float64(time.Since(began).Microseconds())/1000)
}

// isProbe knows the platform's probes, which ask for little and often.
func isProbe(pattern string) bool { return pattern == "GET /healthz" || pattern == "GET /readyz" }
