// Package closemission is the step that marks a mission as settled, with its
// final pot, after the ledger has paid everybody.
package closemission

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// Missions is the part of the missions instance that the step uses.
type Missions interface {
	// Settle stamps a decided mission as settled, with the final figures.
	Settle(ctx context.Context, s ledger.Settlement) (m mission.Mission, changed bool, err error)
}

// Board shows a mission's new events to its watchers.
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

// Handle applies one settlement. Its figures are final, so they are applied
// even if earlier changes of the pot never arrived (rule 9). It returns nil
// once the board shows them. A repeated settlement only updates the board.
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
