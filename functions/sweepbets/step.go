package sweepbets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// Ledger is the part of the users instance that the step uses.
type Ledger interface {
	// WithShard runs a sweep unless another instance is sweeping that shard. It
	// reports whether it ran.
	WithShard(ctx context.Context, shard int, sweep func(context.Context) error) (bool, error)
	// Mark returns how far a shard was swept.
	Mark(ctx context.Context, shard int) (ledger.Mark, error)
	// Undecided returns those of the bets that have no outcome.
	Undecided(ctx context.Context, bets []uuid.UUID) ([]uuid.UUID, error)
	// Advance moves a shard's mark and keeps the strays it passes.
	Advance(ctx context.Context, shard int, m ledger.Mark, strays []ledger.Bet) error
	// DueStrays returns strays that are due to be published again.
	DueStrays(ctx context.Context, limit int) ([]ledger.Bet, error)
	// UnpublishedPots returns pots that changed that long ago and were not published.
	UnpublishedPots(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Pot, error)
	// MarkPublished records which versions of the pots were published.
	MarkPublished(ctx context.Context, pots []ledger.Pot) error
	// CatchUpStandings makes the rankings exact for missions that had no bet for a while.
	CatchUpStandings(ctx context.Context, quiet time.Duration, limit int) error
	// PendingCharges returns charges that have waited that long for an answer
	// and are due to be looked up.
	PendingCharges(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Charge, error)
	// ResolveCharge records the outcome of a charge, once.
	ResolveCharge(ctx context.Context, id uuid.UUID, succeeded bool) error
}

// Log is the bet log.
type Log interface {
	// Since reads the bets of one shard that come after a mark and were logged
	// before a time, in the order of their marks.
	Since(ctx context.Context, shard int, after ledger.Mark, before time.Time, limit int) ([]ledger.Logged, error)
}

// Provider is the payment provider.
type Provider interface {
	// Lookup returns the outcome of a charge. A charge that the provider never
	// saw is declined from then on.
	Lookup(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)
}

// Publisher publishes events for the other steps. It returns once Pub/Sub has them.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Options are the step's settings.
type Options struct {
	// Age is how old an entry must be before a round looks at it, or a pot or a
	// charge before it counts as left behind. It must be well above the time
	// that a bet normally takes, and above the time until a write shows up in a
	// query of the log.
	Age time.Duration
	// Now is the ledger's clock. An instance's own clock may be minutes off. If
	// it were ahead, every tick would seem old, and entries of the log would be
	// passed before they show up.
	Now func(context.Context) (time.Time, error)
}

// Step sweeps. Make one with New.
type Step struct {
	ledger   Ledger
	log      Log
	provider Provider
	bus      Publisher
	opts     Options
	busy     sync.Mutex
}

// New makes the step.
func New(l Ledger, log Log, provider Provider, bus Publisher, opts Options) *Step {
	return &Step{ledger: l, log: log, provider: provider, bus: bus, opts: opts}
}

// Handle does one round of sweeping. A tick that is old, or that comes while a
// round is running, is dropped: concurrent rounds would wait for each other's
// connections, and the next tick does the same work. Each part runs even if
// another fails. The error includes all failures.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	tick, ok := e.(event.Tick)
	if !ok {
		return fmt.Errorf("%w: sweepbets does not handle %s", event.ErrMalformed, e.Type())
	}
	now, err := s.opts.Now(ctx)
	if err != nil {
		return err
	}
	if tick.Old(now) || !s.busy.TryLock() {
		return nil
	}
	defer s.busy.Unlock()
	// The shards come last because they may take all the remaining time.
	return errors.Join(s.pots(ctx), s.charges(ctx), s.strays(ctx),
		s.ledger.CatchUpStandings(ctx, quiet, maxStandings), s.shards(ctx, now))
}
