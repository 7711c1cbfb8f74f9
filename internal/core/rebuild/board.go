package rebuild

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Events is the missions instance, which has every event of every mission.
type Events interface {
	// MissionIDs lists missions after an id, in the order of ids.
	MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)
	// CopyAgain marks the events of missions as not copied to the board.
	CopyAgain(ctx context.Context, missions []uuid.UUID) error
}

// Copier copies all events of a mission that are not marked as copied.
type Copier interface {
	All(ctx context.Context, id uuid.UUID) error
}

// BoardEvents writes every event again to a board that lost some, and returns of how many
// missions. Existing events are not changed. It may be repeated, and the service may run
// meanwhile.
func BoardEvents(ctx context.Context, from Events, to Copier) (int, error) {
	missions := 0
	for ids, err := range pages(ctx, page, from.MissionIDs, func(id uuid.UUID) uuid.UUID { return id }) {
		if err == nil {
			err = from.CopyAgain(ctx, ids)
		}
		if err != nil {
			return missions, fmt.Errorf("restore the board: %w", err)
		}
		for _, id := range ids {
			if err := to.All(ctx, id); err != nil {
				return missions, fmt.Errorf("restore the board: %w", err)
			}
			missions++
		}
	}
	return missions, nil
}
