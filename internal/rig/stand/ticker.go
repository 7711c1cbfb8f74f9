package stand

import (
	"context"
	"log/slog"
	"time"

	"example.com/missionpot/internal/core/event"
)

// publisher is the part of the bus that the ticker needs.
type publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// RunTicker stands in for Cloud Scheduler: it publishes a tick at once and then every
// period, until ctx ends. A tick that can't be published is logged and left out; the
// next one does its work.
func RunTicker(ctx context.Context, bus publisher, period time.Duration) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		err := bus.Publish(ctx, event.Tick{At: time.Now().UTC()})
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "a tick was not published", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
