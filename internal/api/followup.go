package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
)

// followUpTime bounds what a sweep does anyway if it is not done now. While
// Pub/Sub or Firestore hangs, each call waits for it, and takes a place meanwhile.
const followUpTime = time.Second

// soonAfter is edge.AfterCommit for what a sweep repeats.
func soonAfter(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), followUpTime)
}

// followUp does after a commit what a sweep does otherwise.
type followUp struct {
	publisher Publisher
	board     Board
	log       *slog.Logger
}

// publish and copyToBoard pass on what is already committed. A sweep repeats what
// fails here, so the caller gets no error.
func (f *followUp) publish(ctx context.Context, e event.Event) {
	ctx, cancel := soonAfter(ctx)
	defer cancel()
	if err := f.publisher.Publish(ctx, e); err != nil {
		f.log.WarnContext(ctx, "not published; the sweep will", "type", e.Type(), "mission_id", e.Mission(), "error", err)
	}
}

func (f *followUp) copyToBoard(ctx context.Context, id uuid.UUID) {
	ctx, cancel := soonAfter(ctx)
	defer cancel()
	if err := f.board.Mission(ctx, id); err != nil {
		f.log.WarnContext(ctx, "not copied to the board; the sweep will", "mission_id", id, "error", err)
	}
}
