package deadletter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"cloud.google.com/go/firestore"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
)

const (
	// lease is how long a call that sends a letter excludes others. Publishing
	// ends after ten seconds, and the rest is for marking the letter.
	lease = 30 * time.Second
	// markTime bounds the marking, which continues when the caller has given up.
	markTime = 10 * time.Second
)

// Redrive publishes a letter to the topic it first came from, marks it as sent
// and returns it. A letter that is marked is returned as it is: a second call
// returns what the first one did and sends nothing.
//
// Every step on the topic gets the message. All but one have handled it before,
// which does no harm. If publishing succeeds and marking fails, the letter
// counts as not sent. The next call, after the lease, publishes it once more,
// which does no harm either, because every step is idempotent. The other order
// could lose a letter.
//
// The error is fault.NotFound, fault.NotRedrivable, or fault.Unavailable while
// another call sends this letter.
func (s *Store) Redrive(ctx context.Context, id, by string,
	publish func(ctx context.Context, topic event.Topic, data []byte, attributes map[string]string) error,
) (event.DeadLetter, error) {
	d, err := s.claim(ctx, id)
	if err != nil || d.Redrives > 0 {
		return d, err
	}
	attributes := maps.Clone(d.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes[event.AttributeRedriveOf] = d.ID
	if err := publish(ctx, d.Topic, d.Data, attributes); err != nil {
		err = fmt.Errorf("redrive %s: %w", id, err)
		return event.DeadLetter{}, errors.Join(err, s.mark(ctx, id, firestore.Update{Path: startedAt, Value: time.Time{}}))
	}
	err = s.mark(ctx, id,
		firestore.Update{Path: "redrives", Value: 1},
		firestore.Update{Path: "redriven_at", Value: firestore.ServerTimestamp},
		firestore.Update{Path: "redriven_by", Value: by})
	if err != nil {
		return event.DeadLetter{}, err
	}
	return s.Get(ctx, id)
}

const startedAt = "redrive_started_at"

// claim takes a letter for this call, or returns it if it was sent before.
func (s *Store) claim(ctx context.Context, id string) (d event.DeadLetter, err error) {
	err = s.client.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
		found, err := tx.Get(s.letter(id))
		if d, err = read(id, found, err); err != nil || d.Redrives > 0 {
			return err
		}
		if err := d.Redrivable(); err != nil {
			return err
		}
		if left := lease - found.ReadTime.Sub(d.RedriveStartedAt); left > 0 {
			return fault.Unavailable.Because("Another call is sending this dead letter right now.").After(left)
		}
		return tx.Update(found.Ref, []firestore.Update{{Path: startedAt, Value: firestore.ServerTimestamp}})
	})
	if err != nil {
		return event.DeadLetter{}, fmt.Errorf("claim dead letter %s: %w", id, err)
	}
	return d, nil
}

// mark changes a letter even when the caller has given up.
func (s *Store) mark(ctx context.Context, id string, updates ...firestore.Update) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	if _, err := s.letter(id).Update(ctx, updates); err != nil {
		return fmt.Errorf("mark dead letter %s: %w", id, err)
	}
	return nil
}
