// Package settlemission is the step that pays: it closes a mission's escrow
// with the verdict and empties it, to the streamer or back to everyone who put
// cash in.
//
// The verdict that counts is the one stored when the escrow was closed, never
// the one in the message, so a second verdict changes nothing. A settlement is
// made of small transactions that each can be repeated without effect, so it
// may stop anywhere and go on at the next delivery.
package settlemission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
)

// reserve is the time a chunk and the answer need at the very worst. With less
// than that left the step stops by itself, between two chunks (rule 19).
const reserve = 10 * time.Second

// errUnfinished asks for another delivery to go on with the settlement.
var errUnfinished = errors.New("time is up before the settlement is; the next delivery goes on")

// Ledger is what the step asks of the users instance.
type Ledger interface {
	// CloseEscrow closes the escrow and returns the ending that is stored, which is
	// the first one's.
	CloseEscrow(ctx context.Context, c ledger.Closing) (ledger.Ending, error)
	// SettleChunks does a bounded part of the settlement, refunds in at most so many
	// chunks at once. It returns nil while there is more to do.
	SettleChunks(ctx context.Context, mission uuid.UUID, limit, atOnce int) (*ledger.Settlement, error)
	// Transactions counts whatever anybody has written so far.
	Transactions(ctx context.Context) (uint64, error)
}

// Publisher tells the other steps. It returns once Pub/Sub has the events.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Step settles missions. Make one with New; it is safe for concurrent use.
type Step struct {
	ledger  Ledger
	bus     Publisher
	metrics metrics
}

// New makes the step.
func New(l Ledger, bus Publisher) *Step { return &Step{ledger: l, bus: bus, metrics: newMetrics()} }

// Handle settles the mission of a verdict and tells that it is settled. A
// mission settled before is told again. An error means that a later delivery
// must go on.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	verdict, ok := e.(event.VerdictGiven)
	if !ok {
		return fmt.Errorf("%w: settlemission does not handle %s", event.ErrMalformed, e.Type())
	}
	if _, err := s.ledger.CloseEscrow(ctx, verdict.Closing()); err != nil {
		return err
	}
	settlement, before, err := s.settle(ctx, verdict.MissionID)
	if err != nil {
		return err
	}
	if !before {
		s.metrics.settled(ctx, settlement, verdict.DecidedAt)
	}
	if err := s.bus.Publish(ctx, event.SettledMission(*settlement)); err != nil {
		return fmt.Errorf("mission %s is settled, but that was not told: %w", verdict.MissionID, err)
	}
	return nil
}

// settle settles a mission chunk by chunk, and reports whether it was settled
// before: then the first chunk finds nothing left to do.
func (s *Step) settle(ctx context.Context, mission uuid.UUID) (_ *ledger.Settlement, before bool, err error) {
	var p pace
	for before = true; ; before = false {
		count, err := s.ledger.Transactions(ctx)
		if err != nil {
			return nil, false, err
		}
		began := time.Now()
		limit, atOnce := p.next(count)
		settlement, err := s.ledger.SettleChunks(ctx, mission, limit, atOnce)
		if err != nil || settlement != nil {
			return settlement, before, err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < reserve {
			return nil, false, fmt.Errorf("mission %s: %w", mission, errUnfinished)
		}
		time.Sleep(p.rest(time.Since(began)))
	}
}
