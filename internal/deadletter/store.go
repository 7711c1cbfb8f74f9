// Package deadletter keeps what the steps gave up, in Firestore, where an
// operator finds it: `dead_letters/{step}-{message id}`. A Pub/Sub subscription
// would lose it after a week or two; here it stays until somebody has looked.
package deadletter

import (
	"context"
	"fmt"
	"net/url"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/fault"
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

// Keep writes a letter down. One that is there already stays as it is, redrives
// included.
func (s *Store) Keep(ctx context.Context, d event.DeadLetter) error {
	_, err := s.letter(d.ID).Create(ctx, d)
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("keep dead letter %s: %w", d.ID, err)
	}
	return nil
}

// Get returns one letter. The error is fault.NotFound if there is none.
func (s *Store) Get(ctx context.Context, id string) (event.DeadLetter, error) {
	var d event.DeadLetter
	found, err := s.letter(id).Get(ctx)
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument: // the latter for an id that no document can have
		return d, fault.NotFound.Because("There is no such dead letter.").Wrap(err)
	case codes.OK:
		err = found.DataTo(&d)
	}
	if err != nil {
		return d, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	return d, nil
}

// List returns letters that nobody has redriven yet, at most limit of them.
func (s *Store) List(ctx context.Context, limit int) ([]event.DeadLetter, error) {
	found, err := s.client.Collection(collection).Where("redrives", "==", 0).Limit(limit).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	letters := make([]event.DeadLetter, len(found))
	for i, doc := range found {
		if err := doc.DataTo(&letters[i]); err != nil {
			return nil, fmt.Errorf("read dead letter %s: %w", doc.Ref.ID, err)
		}
	}
	return letters, nil
}

// Redrive publishes a letter to the topic it first came from and remembers
// that. Every step on that topic gets it, and all but one have handled it
// before, which harms nothing. If the remembering fails the letter may be
// published again, which harms nothing either. The error is fault.NotFound for
// a letter that is not there and fault.Invalid for one whose topic is unknown.
func (s *Store) Redrive(ctx context.Context, id string,
	publish func(ctx context.Context, topic event.Topic, data []byte, attributes map[string]string) error,
) error {
	d, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if d.Topic == "" {
		return fault.Invalid.Because("Nobody knows which topic this letter came from.")
	}
	if err := publish(ctx, d.Topic, d.Data, d.Attributes); err != nil {
		return fmt.Errorf("redrive %s: %w", id, err)
	}
	_, err = s.letter(id).Update(ctx, []firestore.Update{
		{Path: "redrives", Value: firestore.Increment(1)},
		{Path: "redriven_at", Value: firestore.ServerTimestamp},
	})
	if err != nil {
		return fmt.Errorf("remember that %s was redriven: %w", id, err)
	}
	return nil
}

// letter is a letter's document. A message id is made of digits today; escaped,
// it can't lead to another document whatever it becomes.
func (s *Store) letter(id string) *firestore.DocumentRef {
	return s.client.Collection(collection).Doc(url.PathEscape(id))
}
