// Package deadletter keeps messages that the steps could not handle, in
// Firestore, where an operator finds them: `dead_letters/{step}-{message id}`.
// A Pub/Sub subscription would lose them after a week or two. Here they stay.
package deadletter

import (
	"context"
	"fmt"
	"net/url"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
)

const collection = "dead_letters"

// Store is the collection of dead letters. It is safe for concurrent use.
type Store struct{ client *firestore.Client }

// Open connects to a project's Firestore database, or to the emulator when
// FIRESTORE_EMULATOR_HOST is set. It makes no call.
func Open(ctx context.Context, project, database string) (*Store, error) {
	client, err := firestore.NewClientWithDatabase(ctx, project, database)
	if err != nil {
		return nil, fmt.Errorf("open Firestore: %w", err)
	}
	return &Store{client: client}, nil
}

// Close frees the connection.
func (s *Store) Close() error { return s.client.Close() }

// Keep stores a letter. An existing one is not changed, including its redrives.
func (s *Store) Keep(ctx context.Context, d event.DeadLetter) error {
	_, err := s.letter(d.ID).Create(ctx, d)
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("keep dead letter %s: %w", d.ID, err)
	}
	return nil
}

// Get returns one letter. The error is fault.NotFound if there is none.
func (s *Store) Get(ctx context.Context, id string) (event.DeadLetter, error) {
	found, err := s.letter(id).Get(ctx)
	return read(id, found, err)
}

func read(id string, found *firestore.DocumentSnapshot, err error) (event.DeadLetter, error) {
	var d event.DeadLetter
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument: // the latter for an id that no document can have
		return d, fault.NotFound.Because("This dead letter does not exist.").Wrap(err)
	case codes.OK:
		err = found.DataTo(&d)
	}
	if err != nil {
		return event.DeadLetter{}, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	return d, nil
}

// List returns letters in the order of their ids. Firestore has the indexes for
// that by default.
func (s *Store) List(ctx context.Context, f event.DeadLetterFilter) ([]event.DeadLetter, error) {
	redrives := 0
	if f.Sent {
		redrives = 1
	}
	query := s.client.Collection(collection).Where("redrives", "==", redrives)
	if f.Step != "" {
		query = query.Where("step", "==", f.Step)
	}
	query = query.OrderBy(firestore.DocumentID, firestore.Asc).Limit(f.Limit)
	if f.After != "" {
		query = query.StartAfter(s.letter(f.After).ID)
	}
	found, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	letters := make([]event.DeadLetter, len(found))
	for i, doc := range found {
		if letters[i], err = read(doc.Ref.ID, doc, nil); err != nil {
			return nil, err
		}
	}
	return letters, nil
}

// letter is a letter's document. A message id is made of digits today; escaped,
// it can't lead to another document even if that changes.
func (s *Store) letter(id string) *firestore.DocumentRef {
	return s.client.Collection(collection).Doc(url.PathEscape(id))
}
