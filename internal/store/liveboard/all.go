package liveboard

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
)

// Boards reads every board after a mission's id, as the event it last showed, in
// the order of ids. It is for a restore of the missions database.
func (b *Board) Boards(ctx context.Context, after uuid.UUID, limit int) ([]mission.Event, error) {
	query := b.client.Collection(boards).OrderBy(firestore.DocumentID, firestore.Asc).StartAfter(after.String()).Limit(limit)
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read the boards: %w", err)
	}
	shown := make([]mission.Event, len(docs))
	for i, doc := range docs {
		if shown[i], err = readBoard(doc); err != nil {
			return nil, err
		}
	}
	return shown, nil
}
