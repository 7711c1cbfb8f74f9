// Package eventcopy copies the events of missions from the missions database to
// the live board. It exists because the two can't be written in one
// transaction: the database records an event with its change, and the program
// that made the change, or a later sweep, copies the events that are not marked
// as copied.
//
// It is pure: the database and the board are interfaces. Copying again changes
// nothing, so it is always safe to call.
package eventcopy

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
)

// maxPages bounds one call. A mission has about one event a second, so more
// than this are only left after a long outage, and the sweep calls again.
const maxPages = 10

// Source has the events.
type Source interface {
	// Uncopied reads events of a mission that are not marked as copied, oldest
	// first and without a gap.
	Uncopied(ctx context.Context, id uuid.UUID) ([]mission.Event, error)
	// MarkCopied marks every event up to and including a revision as copied.
	MarkCopied(ctx context.Context, id uuid.UUID, through int64) error
}

// Board shows them.
type Board interface {
	// Write adds events of one mission. Existing events are not changed.
	Write(ctx context.Context, events []mission.Event) error
}

// Copier copies events from a source to a board. It is safe for concurrent use.
type Copier struct {
	source Source
	board  Board
}

// New makes a Copier.
func New(source Source, board Board) *Copier { return &Copier{source: source, board: board} }

// Mission copies the events of one mission, oldest first. It returns nil once
// the board has every event that was there when it was called. Events are marked
// only after the board has them, so a failure in between copies them again.
func (c *Copier) Mission(ctx context.Context, id uuid.UUID) error {
	for range maxPages {
		if left, err := c.page(ctx, id); err != nil || !left {
			return err
		}
	}
	return fmt.Errorf("copy the events of mission %s: more are left than one call copies", id)
}

// All is like Mission without a bound, for a board that is rebuilt.
func (c *Copier) All(ctx context.Context, id uuid.UUID) error {
	for {
		if left, err := c.page(ctx, id); err != nil || !left {
			return err
		}
	}
}

// page copies some events, and reports whether there were any.
func (c *Copier) page(ctx context.Context, id uuid.UUID) (bool, error) {
	events, err := c.source.Uncopied(ctx, id)
	if err != nil || len(events) == 0 {
		return false, err
	}
	if err := c.board.Write(ctx, events); err != nil {
		return false, err
	}
	return true, c.source.MarkCopied(ctx, id, events[len(events)-1].Revision)
}
