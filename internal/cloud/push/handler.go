package push

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"example.com/missionpot/internal/cloud/telemetry"
	"example.com/missionpot/internal/core/event"
)

// Step handles one event. Returning nil acks it. A refusal is an outcome and
// returns nil too. An error makes Pub/Sub deliver it again.
type Step func(ctx context.Context, e event.Event) error

// RawStep handles one message with any contents.
type RawStep func(ctx context.Context, d Delivery) error

// Handler serves a step's pushes. The step gets the time-out of the
// subscription's Handler figure, counted from the arrival of the request.
func Handler(step Step, timeout time.Duration) http.HandlerFunc {
	return RawHandler(func(ctx context.Context, d Delivery) error {
		e, err := event.Decode(event.Type(d.Attributes[event.AttributeType]), d.Data)
		if err != nil {
			return err
		}
		if tick, ok := e.(event.Tick); ok && tick.At.IsZero() {
			e = event.Tick{At: d.PublishTime}
		}
		return step(ctx, e)
	}, timeout)
}

// RawHandler serves pushes without decoding their payload.
func RawHandler(step RawStep, timeout time.Duration) http.HandlerFunc {
	m := newMetrics()
	return func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		d, err := Read(w, r)
		if err != nil {
			slog.WarnContext(ctx, "not a push", "error", err)
			http.Error(w, "not a Pub/Sub push", http.StatusBadRequest)
			return
		}
		ctx = telemetry.WithTraceparent(ctx, d.Attributes[event.AttributeTraceparent])
		ctx, span := startSpan(ctx, d)
		err = step(ctx, d)
		m.measure(ctx, span, d, began, err)
		answer(ctx, w, d, err)
	}
}

func answer(ctx context.Context, w http.ResponseWriter, d Delivery, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	case errors.Is(err, event.ErrMalformed):
		http.Error(w, "malformed message", http.StatusBadRequest)
	default:
		http.Error(w, "not handled", http.StatusInternalServerError)
	}
	slog.ErrorContext(ctx, "message not handled", "error", err, "message_id", d.MessageID,
		"subscription", d.Subscription, "attempt", d.Attempt,
		"type", d.Attributes[event.AttributeType], "mission_id", d.Attributes[event.AttributeMission])
}
