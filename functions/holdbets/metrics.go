package holdbets

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/ledger"
)

type metrics struct {
	decided metric.Int64Counter
	// outcomes are the attributes of each outcome, made once: making them took a
	// sixth of this program's time per bet.
	outcomes map[ledger.Reason]metric.MeasurementOption
	delay    metric.Float64Histogram
	batch    metric.Int64Histogram
}

// newMetrics makes the instruments. The only errors are of malformed names, and
// these are constants; an instrument that comes with an error works as none.
func newMetrics() metrics {
	meter := otel.Meter("example.com/missionpot/functions/holdbets")
	var m metrics
	m.decided, _ = meter.Int64Counter("missionpot.bets.decided", metric.WithUnit("{bet}"),
		metric.WithDescription("Bets with an outcome; one that is delivered again counts again"))
	m.delay, _ = meter.Float64Histogram("missionpot.bet.outcome.delay", metric.WithUnit("s"),
		metric.WithDescription("Time from the log's entry to the published outcome"),
		// 5 s is the objective.
		metric.WithExplicitBucketBoundaries(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300))
	m.batch, _ = meter.Int64Histogram("missionpot.batch.size", metric.WithUnit("{bet}"),
		metric.WithDescription("Bets decided in one transaction"),
		metric.WithExplicitBucketBoundaries(1, 2, 5, 10, 20, 50, 100, 200, 500, maxBatch))
	// A counter that starts with its first event hides that event from rate(),
	// which needs an earlier value.
	m.outcomes = map[ledger.Reason]metric.MeasurementOption{}
	for _, reason := range []ledger.Reason{
		held, ledger.InsufficientCash, ledger.MissionClosed, ledger.TooLate, ledger.UnknownUser, ledger.UnknownMission,
	} {
		m.outcomes[reason] = metric.WithAttributeSet(outcome(reason))
		m.decided.Add(context.Background(), 0, m.outcomes[reason])
	}
	return m
}

// held is the absence of a reason: the bet was held.
const held ledger.Reason = ""

// outcome are the attributes of a decision, by the reason of a decline.
func outcome(reason ledger.Reason) attribute.Set {
	if reason == held {
		return attribute.NewSet(attribute.String("missionpot.bet.outcome", string(ledger.Held)))
	}
	return attribute.NewSet(attribute.String("missionpot.bet.outcome", string(ledger.Declined)),
		attribute.String("missionpot.bet.reason", string(reason)))
}

// count counts a bet whose outcome is committed and published.
func (m metrics) count(ctx context.Context, bet ledger.Bet, d ledger.Decision) {
	m.decided.Add(ctx, 1, m.outcomes[d.Reason])
	m.delay.Record(ctx, time.Since(bet.LoggedAt).Seconds())
}
