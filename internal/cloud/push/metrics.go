package push

import (
	"context"
	"errors"
	"path"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"example.com/missionpot/internal/core/event"
)

// scope names this package as the origin of its spans and metrics.
const scope = "example.com/missionpot/internal/cloud/push"

type metrics struct {
	duration metric.Float64Histogram
	// handled are the options of deliveries without an error, by subscription: most
	// deliveries are such, and making a set costs more than counting by it.
	handled *sync.Map // string to metric.MeasurementOption
}

// newMetrics makes the instruments. The only errors are of malformed names, and
// these are constants; an instrument that comes with an error works as none.
func newMetrics() metrics {
	m := metrics{handled: new(sync.Map)}
	m.duration, _ = otel.Meter(scope).Float64Histogram("messaging.process.duration", metric.WithUnit("s"),
		metric.WithDescription("Time to handle one delivery of a message"),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300))
	return m
}

// startSpan continues the trace that the message carries.
func startSpan(ctx context.Context, d Delivery) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(ctx, "process "+subscriptionOf(d), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(semconv.MessagingSystemGCPPubSub, semconv.MessagingMessageID(d.MessageID),
			semconv.MessagingGCPPubSubMessageDeliveryAttempt(d.Attempt)))
}

// measure ends a delivery's span and counts the delivery by its subscription.
func (m metrics) measure(ctx context.Context, span trace.Span, d Delivery, began time.Time, err error) {
	seconds := time.Since(began).Seconds()
	attributes := []attribute.KeyValue{
		semconv.MessagingSystemGCPPubSub, semconv.MessagingDestinationSubscriptionName(subscriptionOf(d)),
	}
	if err != nil {
		attributes = append(attributes, semconv.ErrorTypeKey.String(errorType(err)))
		span.SetStatus(codes.Error, errorType(err))
	}
	span.SetAttributes(attributes...)
	span.End()
	if err != nil {
		m.duration.Record(ctx, seconds, metric.WithAttributes(attributes...))
		return
	}
	option, known := m.handled.Load(d.Subscription)
	if !known {
		option, _ = m.handled.LoadOrStore(d.Subscription, metric.WithAttributeSet(attribute.NewSet(attributes...)))
	}
	m.duration.Record(ctx, seconds, option.(metric.MeasurementOption))
}

// subscriptionOf is the subscription's name without its project.
func subscriptionOf(d Delivery) string { return path.Base(d.Subscription) }

// errorType distinguishes errors that no retry can fix from others.
func errorType(err error) string {
	if errors.Is(err, event.ErrMalformed) {
		return "malformed"
	}
	return "not_handled"
}
