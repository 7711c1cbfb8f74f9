package gauges

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/mission"
)

// MissionsDatabase is what is read of missions.
type MissionsDatabase interface {
	Census(ctx context.Context) (mission.Census, error)
}

// census holds the gauges of the missions instance.
type census struct {
	missions    metric.Int64Gauge
	unsettled   metric.Float64Gauge
	connections connections
}

// settling is the state of missions that are decided and not settled, whatever the verdict.
const settling = "settling"

// Missions makes the reader of the missions instance, which runs after sweepmissions.
func Missions(db MissionsDatabase, s Server, period time.Duration) *Reader {
	meter := otel.Meter(scope)
	c := census{connections: newConnections(meter, "missions")}
	c.missions, _ = meter.Int64Gauge("missionpot.missions", metric.WithUnit("{mission}"),
		metric.WithDescription("Unsettled missions by state; those that are decided and not settled are settling"))
	c.unsettled, _ = meter.Float64Gauge("missionpot.verdicts.unsettled.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the oldest verdict without a settlement"))
	return newReader("sweepmissions", period, func(ctx context.Context) error {
		return errors.Join(c.read(ctx, db), c.connections.read(ctx, s))
	})
}

func (c census) read(ctx context.Context, db MissionsDatabase) error {
	counted, err := db.Census(ctx)
	if err != nil {
		return err
	}
	for status, count := range counted.ByStatus {
		c.record(ctx, string(status), count)
	}
	c.record(ctx, settling, counted.Unsettled)
	c.unsettled.Record(ctx, counted.OldestUnsettled.Seconds())
	return nil
}

func (c census) record(ctx context.Context, state string, count int) {
	c.missions.Record(ctx, int64(count), metric.WithAttributes(attribute.String("missionpot.mission.state", state)))
}
