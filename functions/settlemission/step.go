// Package settlemission is the step that pays: it closes a mission's escrow
// with the verdict and pays its cash to the streamer, or back to everyone who
// contributed.
//
// The verdict that counts is the one stored when the escrow was closed, never
// the one in the message, so a second verdict changes nothing. A settlement is
// a series of small transactions. Repeating one has no effect, so a settlement
// may stop anywhere and continue at the next delivery.
package settlemission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// reserve is the time that a chunk and the answer need in the worst case. With
// less than that left the step stops by itself, between two chunks (rule 19).
const reserve = 10 * time.Second

// errUnfinished asks for another delivery, which continues the settlement.
var errUnfinished = errors.New("time is up before the settlement is complete; the next delivery continues it")

// Ledger is the part of the users instance that the step uses.
type Ledger interface {
	// CloseEscrow closes the escrow and returns the stored ending, which is
	// that of the first call.
	CloseEscrow(ctx context.Context, c ledger.Closing) (ledger.Ending, error)
	// SettleChunks does a bounded part of the settlement. Refunds run in at
	// most that many chunks at once. It returns nil while there is more to do.
	SettleChunks(ctx context.Context, mission uuid.UUID, limit, atOnce int) (*ledger.Settlement, error)
	// Transactions is the number of transactions so far, by all writers.
	Transactions(ctx context.Context) (uint64, error)
}

// Publisher publishes events for the other steps. It returns once Pub/Sub has them.
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

// Handle settles the mission of a verdict and publishes the settlement. The
// settlement of a mission that was settled before is published again. An error
// means that a later delivery must continue.
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
	if err := s.bus.Publish(ctx, event.NewMissionSettled(*settlement)); err != nil {
		return fmt.Errorf("mission %s is settled, but that was not published: %w", verdict.MissionID, err)
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
