package settlemission

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/ledger"
)

type metrics struct {
	lag metric.Float64Histogram
}

// newMetrics makes the instruments. The only error is of a malformed name, and
// this one is a constant; an instrument that comes with an error works as none.
func newMetrics() metrics {
	var m metrics
	m.lag, _ = otel.Meter("example.com/missionpot/functions/settlemission").Float64Histogram(
		"missionpot.settlement.lag", metric.WithUnit("s"),
		metric.WithDescription("Time from the verdict until the escrow is empty"),
		// 60 s is the objective.
		metric.WithExplicitBucketBoundaries(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 3600))
	return m
}

// settled counts a mission by its ending.
func (m metrics) settled(ctx context.Context, s *ledger.Settlement, decidedAt time.Time) {
	m.lag.Record(ctx, s.SettledAt.Sub(decidedAt).Seconds(),
		metric.WithAttributes(attribute.String("missionpot.mission.ending", string(s.Ending))))
}
