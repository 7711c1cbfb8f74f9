// Package keepdeadletter is the step that keeps messages whose last attempt
// failed. It stores them, whatever their contents, and raises an alarm. There
// is no step after it, so its own subscription retries for as long as Pub/Sub
// keeps a message.
package keepdeadletter

import (
	"context"
	"log/slog"
	"time"

	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
)

// Store keeps dead letters. Keeping one twice keeps it once.
type Store interface {
	Keep(ctx context.Context, d event.DeadLetter) error
}

// Step keeps dead letters. Make one with New.
type Step struct {
	store   Store
	now     func() time.Time
	metrics metrics
}

// New makes the step. Its clock says when a letter was kept.
func New(store Store, now func() time.Time) *Step {
	return &Step{store: store, now: now, metrics: newMetrics()}
}

// Handle keeps one message. An error means that it is not kept yet.
func (s *Step) Handle(ctx context.Context, d push.Delivery) error {
	letter := event.NewDeadLetter(d.Subscription, d.MessageID, d.PublishTime, d.Attributes, d.Data)
	letter.KeptAt = s.now().UTC()
	if err := s.store.Keep(ctx, letter); err != nil {
		return err
	}
	s.metrics.kept(ctx, letter.Step)
	// The count raises the alarm. This line says which message it is about.
	slog.ErrorContext(ctx, "dead letter kept", "step", letter.Step, "letter", letter.ID, "type", letter.Type,
		"mission_id", letter.Attributes[event.AttributeMission], "attempts", letter.Attempts)
	return nil
}
