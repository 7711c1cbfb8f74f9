// Package growpot is the step that shows the ledger's decisions on the board:
// the pot of a mission, that its stake was held and it may begin, or that the
// stake was declined and it is over.
//
// Pots change with every batch of bets, far more often than a Firestore document
// may be written. So the step limits its pace to about one write per second and
// mission, with the newest pot. The first change of a quiet mission is shown at
// once. All messages that a write covers are answered when it is done.
package growpot

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/batch"
)

const (
	// Pace is the time between two writes of one mission. Firestore takes about
	// one sustained write a second to a document:
	// https://cloud.google.com/firestore/quotas#soft_limits
	Pace = time.Second
	// showTime bounds one write to the database and the board. A message waits
	// for the previous write, the pace and its own write: 1 s + 2 × 9 s is
	// within the handler's 20 s.
	showTime = 9 * time.Second
)

// Missions is the part of the missions instance that the step uses.
type Missions interface {
	// ApplyPot shows a pot that is newer than the one shown.
	ApplyPot(ctx context.Context, p ledger.Pot) (m mission.Mission, changed bool, err error)
	// Unfund ends a mission that waits for its stake.
	Unfund(ctx context.Context, id uuid.UUID) (m mission.Mission, changed bool, err error)
}

// Board shows a mission's new events to its watchers.
type Board interface {
	Mission(ctx context.Context, id uuid.UUID) error
}

// Publisher publishes events for the other steps. It returns once Pub/Sub has them.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Step shows pots. Make one with New; it is safe for concurrent use.
type Step struct {
	missions Missions
	board    Board
	bus      Publisher
	pots     *batch.Paced[uuid.UUID, ledger.Pot]
}

// New makes the step. It writes a mission at most once per pace. The pace is
// Pace, or shorter in tests.
func New(missions Missions, board Board, bus Publisher, pace time.Duration) *Step {
	s := &Step{missions: missions, board: board, bus: bus}
	newer := func(a, b ledger.Pot) bool { return a.Version > b.Version }
	s.pots = batch.NewPaced(s.show, newer, batch.PacedOptions{Interval: pace, Timeout: showTime})
	return s
}

// Handle takes one message from the ledger. It returns nil once the missions
// instance and the board have the state of this message or a newer one (rule
// 13).
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	switch e := e.(type) {
	case event.PotChanged:
		return s.pots.Do(ctx, e.MissionID, e.Pot())
	case event.StakeDeclined:
		return s.unfund(ctx, e.MissionID)
	}
	return fmt.Errorf("%w: growpot does not handle %s", event.ErrMalformed, e.Type())
}

// show writes a pot. An earlier attempt may have stopped half-way, so the board
// is brought up to date in any case.
func (s *Step) show(ctx context.Context, id uuid.UUID, p ledger.Pot) error {
	if _, _, err := s.missions.ApplyPot(ctx, p); err != nil {
		return err
	}
	return s.board.Mission(ctx, id)
}

// unfund ends a mission whose stake was declined. The verdict must reach the
// ledger, or a second delivery of the stake could still open the escrow. It is
// published again at every delivery until the mission is settled.
func (s *Step) unfund(ctx context.Context, id uuid.UUID) error {
	m, _, err := s.missions.Unfund(ctx, id)
	if err != nil {
		return err
	}
	if closing, decided := m.Closing(); decided && m.Status == mission.Unfunded && m.SettledAt == nil {
		if err := s.bus.Publish(ctx, event.NewVerdictGiven(closing)); err != nil {
			return fmt.Errorf("mission %s is unfunded, but its verdict was not published: %w", id, err)
		}
	}
	return s.board.Mission(ctx, id)
}
