package keepdeadletter

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/event"
)

type metrics struct {
	letters metric.Int64Counter
}

// newMetrics makes the instruments. The only error is of a malformed name, and
// this one is a constant; an instrument that comes with an error works as none.
func newMetrics() metrics {
	var m metrics
	m.letters, _ = otel.Meter("example.com/missionpot/functions/keepdeadletter").Int64Counter(
		"missionpot.dead_letters", metric.WithUnit("{message}"), metric.WithDescription("Messages given up, by the step that could not handle them"))
	// A counter that starts with its first event hides that event from rate(),
	// which needs an earlier value.
	for _, s := range event.DeadLetters() {
		m.letters.Add(context.Background(), 0, metric.WithAttributes(stepKey.String(s.Step)))
	}
	return m
}

const stepKey = attribute.Key("missionpot.step")

// kept counts one dead letter of a step.
func (m metrics) kept(ctx context.Context, step string) {
	m.letters.Add(ctx, 1, metric.WithAttributes(stepKey.String(step)))
}
