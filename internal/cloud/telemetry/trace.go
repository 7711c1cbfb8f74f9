package telemetry

import (
	"context"
	"crypto/rand"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const headerTraceparent = "traceparent" // W3C Trace Context, level 1

// Traceparent returns the context's trace as a W3C traceparent, or "" if it has none.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[headerTraceparent]
}

// WithTraceparent continues the trace that a traceparent names. An empty or malformed one changes
// nothing, as the specification requires.
func WithTraceparent(ctx context.Context, traceparent string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{headerTraceparent: traceparent})
}

// WithNewTrace starts a trace with random ids, for work without a request.
func WithNewTrace(ctx context.Context) context.Context {
	var traceID trace.TraceID
	var spanID trace.SpanID
	// crypto/rand.Read never fails; an id of only zeros, which is invalid, would
	// merely leave the work without a trace.
	_, _ = rand.Read(traceID[:])
	_, _ = rand.Read(spanID[:])
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, Remote: true,
	}))
}
