package edge

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"example.com/missionpot/internal/cloud/telemetry"
)

// scope names the API as the origin of its spans and metrics.
const scope = "example.com/missionpot/internal/api"

// metrics are the API's instruments.
type metrics struct {
	duration   metric.Float64Histogram
	watchers   metric.Int64UpDownCounter
	turnedAway metric.Int64Counter
}

// newMetrics makes the instruments. The only errors are of malformed names, and
// these are constants; an instrument that comes with an error works as none.
func newMetrics() metrics {
	meter := otel.Meter(scope)
	var m metrics
	m.duration, _ = meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Time to answer a call; event streams excepted"),
		// The boundaries that the semantic conventions ask for.
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	m.watchers, _ = meter.Int64UpDownCounter("missionpot.stream.clients", metric.WithUnit("{client}"),
		metric.WithDescription("Open event streams"))
	m.turnedAway, _ = meter.Int64Counter("missionpot.calls.turned_away", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that were rejected because the instance was full"))
	// A counter that begins at its first event hides it from rate(), which needs
	// something to rise from.
	m.turnedAway.Add(context.Background(), 0)
	return m
}

// watching counts a client of a stream until it is called off.
func (m metrics) watching(ctx context.Context) (off func()) {
	m.watchers.Add(ctx, 1)
	return func() { m.watchers.Add(context.WithoutCancel(ctx), -1) }
}

// startSpan continues the trace of a request with a span named after its route.
// Where no spans are made the request still has a trace, for the logs.
func startSpan(r *http.Request, pattern string) (context.Context, trace.Span) {
	name := knownMethod(r.Method)
	if route := routeOf(pattern); route != "" {
		name += " " + route
	}
	ctx := telemetry.WithTraceparent(r.Context(), r.Header.Get("traceparent"))
	ctx, span := otel.Tracer(scope).Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
	if !span.SpanContext().IsValid() {
		ctx = telemetry.WithNewTrace(ctx)
	}
	return ctx, span
}

// measure ends a call's span and counts the call, by its route and never by its
// path. A stream lasts as long as its client stays, which says nothing about
// the time to answer.
func (m metrics) measure(ctx context.Context, span trace.Span, r *http.Request, w *recorder, pattern string, began time.Time) {
	status := w.status
	if status == 0 {
		status = http.StatusOK // what net/http sends where nothing was written
	}
	attributes := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(knownMethod(r.Method)), semconv.HTTPResponseStatusCode(status),
	}
	if route := routeOf(pattern); route != "" {
		attributes = append(attributes, semconv.HTTPRoute(route))
	}
	span.SetAttributes(attributes...)
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
	span.End()
	if w.Header().Get("Content-Type") != StreamType {
		m.duration.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(attributes...))
	}
}

// routeOf is a pattern without its method.
func routeOf(pattern string) string {
	_, route, found := strings.Cut(pattern, " ")
	if !found {
		return pattern
	}
	return route
}

// knownMethod keeps what a client invents out of the metrics, as the semantic
// conventions ask.
func knownMethod(method string) string {
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace,
	}
	if slices.Contains(known, method) {
		return method
	}
	return "_OTHER"
}
