package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"example.com/missionpot/internal/cloud/telemetry"
)

// Any caller can send a traceparent. It either names a trace or changes nothing.
func FuzzTraceparent(f *testing.F) {
	for _, seed := range []string{
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "", "00", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, traceparent string) {
		ctx := telemetry.WithTraceparent(context.Background(), traceparent)
		span := trace.SpanContextFromContext(ctx)
		if !span.IsValid() {
			if got := telemetry.Traceparent(ctx); got != "" {
				t.Errorf("%q names no trace, but %q is handed on", traceparent, got)
			}
			return
		}
		again := trace.SpanContextFromContext(telemetry.WithTraceparent(context.Background(), telemetry.Traceparent(ctx)))
		if again.TraceID() != span.TraceID() || again.SpanID() != span.SpanID() || again.IsSampled() != span.IsSampled() {
			t.Errorf("%q is handed on as another trace: %v, want %v", traceparent, again, span)
		}
	})
}
