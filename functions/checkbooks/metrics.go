package checkbooks

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/reconcile"
)

type metrics struct {
	findings metric.Int64Gauge
	exitOnly metric.Int64Gauge
	done     metric.Float64Gauge
}

// newMetrics makes the instruments. The only errors are of malformed names, and
// these are constants; an instrument that comes with an error works as none.
func newMetrics() metrics {
	meter := otel.Meter("example.com/missionpot/functions/checkbooks")
	var m metrics
	m.findings, _ = meter.Int64Gauge("missionpot.books.findings", metric.WithUnit("{finding}"),
		metric.WithDescription("Findings of the last check of the books, by grade"))
	m.exitOnly, _ = meter.Int64Gauge("missionpot.exit_only", metric.WithUnit("{switch}"),
		metric.WithDescription("1 while the switch in the users instance stops new cash, else 0"))
	m.done, _ = meter.Float64Gauge("missionpot.sweep.completed", metric.WithUnit("s"),
		metric.WithDescription("When a sweep and its gauges last succeeded, in Unix time"))
	return m
}

// checked measures a check. A check that has not caught up with the ledger yet
// has no record and is not measured, so that an alert fires if it never catches
// up.
func (m metrics) checked(ctx context.Context, r reconcile.Report, mode reconcile.Mode, now time.Time) {
	exitOnly := int64(0)
	if mode.ExitOnly {
		exitOnly = 1
	}
	m.exitOnly.Record(ctx, exitOnly)
	if r.ID == 0 {
		return
	}
	for grade, count := range map[reconcile.Grade]int{reconcile.Broken: r.Broken, reconcile.Late: r.Late} {
		m.findings.Record(ctx, int64(count), metric.WithAttributes(attribute.String("missionpot.books.grade", string(grade))))
	}
	m.done.Record(ctx, float64(now.UnixMilli())/1000, metric.WithAttributes(attribute.String("missionpot.step", "checkbooks")))
}
