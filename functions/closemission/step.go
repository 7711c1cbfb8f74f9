// Package closemission is the step that ends a mission's life on the board: the
// ledger has paid everybody, so the mission is settled and shows its final pot.
package closemission

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/mission"
)

// Missions is what the step asks of the missions instance.
type Missions interface {
	// Settle stamps a decided mission as settled, with the final figures.
	Settle(ctx context.Context, s ledger.Settlement) (m mission.Mission, changed bool, err error)
}

// Board shows a mission's new events to those who watch.
type Board interface {
	Mission(ctx context.Context, id uuid.UUID) error
}

// Step closes missions. Make one with New; it is safe for concurrent use.
type Step struct {
	missions Missions
	board    Board
}

// New makes the step.
func New(missions Missions, board Board) *Step { return &Step{missions: missions, board: board} }

// Handle takes one settlement. The figures in it are final, so they count even
// if changes of the pot before them never came (rule 9). It returns nil once
// the board shows them; a settlement that comes again only sees to that.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	settled, ok := e.(event.MissionSettled)
	if !ok {
		return fmt.Errorf("%w: closemission does not handle %s", event.ErrMalformed, e.Type())
	}
	if _, _, err := s.missions.Settle(ctx, settled.Settlement()); err != nil {
		return err
	}
	return s.board.Mission(ctx, settled.MissionID)
}
