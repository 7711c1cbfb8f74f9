package gauges

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/event"
)

// scope names this package as the origin of its metrics.
const scope = "example.com/missionpot/internal/cloud/gauges"

const (
	// readTime bounds one reading of the figures, well below the time of a tick (50 s).
	readTime = 10 * time.Second
	// share is the part of the time that reading may take: after a reading of a second the next
	// comes at least a hundred seconds later, however short the period.
	share = 100
)

// Handle handles one event, as a step does.
type Handle func(context.Context, event.Event) error

// Reader reads one database's figures into gauges. Make one with Books or Missions.
type Reader struct {
	step   string
	period time.Duration
	read   func(context.Context) error
	done   metric.Float64Gauge

	mu   sync.Mutex
	next time.Time
}

// newReader makes the reader of a step. The only error of an instrument is a malformed name, and
// these names are constants; an instrument with an error does nothing.
func newReader(step string, period time.Duration, read func(context.Context) error) *Reader {
	r := &Reader{step: step, period: period, read: read}
	r.done, _ = otel.Meter(scope).Float64Gauge("missionpot.sweep.completed", metric.WithUnit("s"),
		metric.WithDescription("When a sweep and its gauges last succeeded, in Unix time"))
	return r
}

// After reads the figures after a step has handled a tick, successfully or not, and at most once a
// period. The error joins both errors.
func (r *Reader) After(step Handle) Handle {
	return func(ctx context.Context, e event.Event) error {
		err := step(ctx, e)
		if !r.mu.TryLock() {
			return err
		}
		defer r.mu.Unlock()
		began := time.Now()
		if began.Before(r.next) {
			return err
		}
		reading, cancel := context.WithTimeout(ctx, readTime)
		defer cancel()
		err = errors.Join(err, r.read(reading))
		r.next = began.Add(max(r.period, share*time.Since(began)))
		if err == nil {
			r.done.Record(ctx, float64(time.Now().UnixMilli())/1000, metric.WithAttributes(attribute.String("missionpot.step", r.step)))
		}
		return err
	}
}

// Server has the figures that every database server has.
type Server interface {
	Connections(ctx context.Context) (used, limit int, err error)
}

// connections measures how near a server is to its last connection.
type connections struct {
	used, limit metric.Int64Gauge
	database    metric.MeasurementOption
}

func newConnections(meter metric.Meter, database string) connections {
	c := connections{database: metric.WithAttributes(attribute.String("missionpot.database", database))}
	c.used, _ = meter.Int64Gauge("missionpot.database.connections", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections of clients to the database server"))
	c.limit, _ = meter.Int64Gauge("missionpot.database.connections.limit", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections the database server takes at most"))
	return c
}

func (c connections) read(ctx context.Context, s Server) error {
	used, limit, err := s.Connections(ctx)
	if err != nil {
		return err
	}
	c.used.Record(ctx, int64(used), c.database)
	c.limit.Record(ctx, int64(limit), c.database)
	return nil
}
