// Package redrive is what an operator does with dead letters: list them, read
// one, send one again. The API and the command both use it, so that every
// action is in the audit log.
package redrive

import (
	"context"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
)

// Publish sends a message as it was first published.
type Publish = func(ctx context.Context, topic event.Topic, data []byte, attributes map[string]string) error

// DeadLetters keeps the dead letters.
type DeadLetters interface {
	Get(ctx context.Context, id string) (event.DeadLetter, error)
	List(ctx context.Context, f event.DeadLetterFilter) ([]event.DeadLetter, error)
	// Redrive publishes a dead letter that was not sent again yet, and returns it
	// with that noted. A letter that was sent before is returned, and nothing
	// is published.
	Redrive(ctx context.Context, id, by string, publish Publish) (event.DeadLetter, error)
}

// Record is the audit log of the operators.
type Record interface {
	Record(ctx context.Context, by account.Actor, action account.ActionName, subject string) error
}

// Desk does what operators ask for. All fields are required.
type Desk struct {
	DeadLetters DeadLetters
	Record      Record
	Publish     Publish
}

// List returns dead letters in the order of their ids.
func (d *Desk) List(ctx context.Context, by account.Actor, f event.DeadLetterFilter) ([]event.DeadLetter, error) {
	if err := d.Record.Record(ctx, by, account.ListLetters, ""); err != nil {
		return nil, err
	}
	return d.DeadLetters.List(ctx, f)
}

// Read returns one dead letter. The error is fault.NotFound.
func (d *Desk) Read(ctx context.Context, by account.Actor, id string) (event.DeadLetter, error) {
	if err := d.Record.Record(ctx, by, account.ReadLetter, id); err != nil {
		return event.DeadLetter{}, err
	}
	return d.DeadLetters.Get(ctx, id)
}

// Redrive sends a dead letter again, once: a second call returns what the first one
// did. The error is fault.NotFound, fault.NotRedrivable for a letter that no
// step could read, or fault.Unavailable while another call sends it.
func (d *Desk) Redrive(ctx context.Context, by account.Actor, id string) (event.DeadLetter, error) {
	if err := d.Record.Record(ctx, by, account.RedriveLetter, id); err != nil {
		return event.DeadLetter{}, err
	}
	return d.DeadLetters.Redrive(ctx, id, string(by), d.Publish)
}
