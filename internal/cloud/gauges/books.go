package gauges

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/ledger"
)

// Ledger is what is read from the users instance.
type Ledger interface {
	Totals(ctx context.Context) (ledger.Totals, error)
}

// books holds the gauges of the users instance.
type books struct {
	cash, drift       metric.Int64Gauge
	undecided, unsent metric.Float64Gauge
	connections       connections
}

// Books makes the reader of the users instance, which runs after sweepbets.
func Books(l Ledger, s Server, period time.Duration) *Reader {
	meter := otel.Meter(scope)
	b := books{connections: newConnections(meter, "users")}
	b.cash, _ = meter.Int64Gauge("missionpot.cash", metric.WithUnit("{won}"),
		metric.WithDescription("Cash in all wallets, in all escrows, and charged in all"))
	b.drift, _ = meter.Int64Gauge("missionpot.books.drift", metric.WithUnit("{won}"),
		metric.WithDescription("Wallets + escrows - charged; anything but 0 means that cash was made or lost"))
	b.undecided, _ = meter.Float64Gauge("missionpot.bets.undecided.age", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest bet without an outcome that a sweep has met"))
	b.unsent, _ = meter.Float64Gauge("missionpot.mails.unsent.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the verdict whose mail has waited longest"))
	return newReader("sweepbets", period, func(ctx context.Context) error {
		return errors.Join(b.read(ctx, l), b.connections.read(ctx, s))
	})
}

func (b books) read(ctx context.Context, l Ledger) error {
	a, err := l.Totals(ctx)
	if err != nil {
		return err
	}
	for account, amount := range map[string]ledger.Won{"wallets": a.Wallets, "escrows": a.Escrows, "charged": a.Charged} {
		b.cash.Record(ctx, int64(amount), metric.WithAttributes(attribute.String("missionpot.account", account)))
	}
	if a.Drift() != 0 {
		slog.ErrorContext(ctx, "the books don't balance", "wallets", a.Wallets, "escrows", a.Escrows, "charged", a.Charged)
	}
	b.drift.Record(ctx, int64(a.Drift()))
	b.undecided.Record(ctx, a.OldestUndecided.Seconds())
	b.unsent.Record(ctx, a.OldestUnsent.Seconds())
	return nil
}
