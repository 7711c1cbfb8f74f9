package liveboard

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/mission"
)

// Write adds events of one mission, oldest first, to its log and shows the last
// one on its board, in one Firestore transaction. Events that the log already
// has are not changed, and a board that shows a newer revision keeps it. So
// writes may be late, repeated and concurrent.
func (b *Board) Write(ctx context.Context, happened []mission.Event) error {
	if len(happened) == 0 {
		return nil
	}
	last := happened[len(happened)-1]
	id := last.Mission.ID
	for i, e := range happened {
		if e.Mission.ID != id || i > 0 && e.Revision <= happened[i-1].Revision {
			return errors.New("write the board: the events are not those of one mission in order")
		}
	}
	board := b.client.Collection(boards).Doc(id.String())
	refs := make([]*firestore.DocumentRef, len(happened))
	for i, e := range happened {
		refs[i] = b.log(id).Doc(eventID(e.Revision))
	}
	err := b.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		shown, err := shownRevision(tx, board)
		if err != nil {
			return err
		}
		there, err := tx.GetAll(refs)
		if err != nil {
			return err
		}
		for i, doc := range there {
			if doc.Exists() {
				continue
			}
			if err := tx.Create(refs[i], toEvent(happened[i])); err != nil {
				return err
			}
		}
		if last.Revision <= shown {
			return nil
		}
		return tx.Set(board, toBoard(last))
	})
	if err != nil {
		return fmt.Errorf("write the board of mission %s: %w", id, err)
	}
	return nil
}

// shownRevision is the revision a board shows, 0 if there is no board.
func shownRevision(tx *firestore.Transaction, board *firestore.DocumentRef) (int64, error) {
	doc, err := tx.Get(board)
	if status.Code(err) == codes.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	shown, err := readBoard(doc)
	return shown.Revision, err
}

// Events reads a mission's log: events after a revision, oldest first, at most
// limit. An unknown mission has none.
func (b *Board) Events(ctx context.Context, missionID uuid.UUID, after int64, limit int) ([]mission.Event, error) {
	docs, err := b.log(missionID).OrderBy(firestore.DocumentID, firestore.Asc).
		StartAfter(eventID(after)).Limit(limit).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read the events of mission %s: %w", missionID, err)
	}
	happened := make([]mission.Event, len(docs))
	for i, doc := range docs {
		if happened[i], err = readEvent(doc); err != nil {
			return nil, err
		}
	}
	return happened, nil
}
