package api

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// intake takes bets in: it logs and counts them, and hands them on to the steps.
type intake struct {
	entries  BetLog
	accepted acceptedBets
	after    *followUp
}

// log logs a bet. One whose key came before is not logged or counted again.
func (i *intake) log(ctx context.Context, e ledger.LogEntry) (b ledger.Bet, first bool, err error) {
	if b, first, err = i.entries.Append(ctx, e); err == nil {
		i.accepted.count(ctx, e.Kind, first)
	}
	return b, first, err
}

// handOn publishes a logged bet, which the steps then decide.
func (i *intake) handOn(ctx context.Context, b ledger.Bet) {
	i.after.publish(ctx, event.NewBetPlaced(b))
}

// scope names the API as the origin of its metrics.
const scope = "example.com/missionpot/internal/api"

const betKindKey = attribute.Key("missionpot.bet.kind")

// acceptedBets counts the bets that the log has taken.
type acceptedBets struct{ counter metric.Int64Counter }

// newAcceptedBets makes the counter. The only error is of a malformed name, and
// this one is constant; an instrument that comes with an error works as none.
func newAcceptedBets() acceptedBets {
	counter, _ := otel.Meter(scope).Int64Counter("missionpot.bets.accepted", metric.WithUnit("{bet}"),
		metric.WithDescription("Bets that were logged"))
	// A counter that begins at its first event hides it from rate(), which needs
	// something to rise from.
	for _, kind := range []ledger.EntryKind{ledger.BetEntry, ledger.StakeEntry} {
		counter.Add(context.Background(), 0, metric.WithAttributes(betKindKey.String(string(kind))))
	}
	return acceptedBets{counter}
}

// count counts a bet. A repeated call is not counted again.
func (a acceptedBets) count(ctx context.Context, kind ledger.EntryKind, first bool) {
	if first {
		a.counter.Add(ctx, 1, metric.WithAttributes(betKindKey.String(string(kind))))
	}
}
