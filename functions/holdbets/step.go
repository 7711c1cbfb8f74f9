package holdbets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/batch"
)

// maxBatch is the most bets in one transaction: as many as one instance has
// pushes in flight (rule 20).
const maxBatch = 1000

// lanes is how many batches are decided at once. Under load all bets of a user
// go to the same lane, so that two batches seldom wait for the same wallet. Two
// keep two processors of Postgres busy while this program prepares the next;
// three were no faster on two.
const lanes = 2

// crowd is how many bets must wait in the first lane before another is used: a
// batch costs Postgres as much as some 80 bets, so few bets in two batches are
// slower than in one.
const crowd = 250

// publishGap lets the changes of several batches share one message for each
// pot. The call to publish costs more than its contents, and a pot is shown at
// most once a second.
const publishGap = 12 * time.Millisecond

// maxChanges is the most batches published in one call. More can hardly gather:
// each has callers waiting for it, and there are no more callers than fit in
// one batch.
const maxChanges = 100

// Ledger is the part of the users instance that the step uses.
type Ledger interface {
	// Hold decides bets in one transaction and returns one ruling for each. The
	// error is ledger.ErrLasting if the same bets would fail again.
	Hold(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error)
	// MarkPublished records which versions of the pots were published.
	MarkPublished(ctx context.Context, pots []ledger.Pot) error
	// RaiseStandings brings the ranking of contributors up to date.
	RaiseStandings(ctx context.Context, of []ledger.Contributor) error
}

// Publisher publishes events for the other steps. It returns once Pub/Sub has them.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Step decides bets. Make one with New; it is safe for concurrent use, and
// only concurrent use makes it fast.
type Step struct {
	ledger   Ledger
	bus      Publisher
	holds    [lanes]*batch.Batcher[ledger.Bet, decided]
	changes  *batch.Batcher[changes, struct{}]
	followUp *followUp

	metrics metrics
}

// decided is what the caller of one bet gets from its batch.
type decided struct {
	ruling      ledger.Ruling
	publication *publication
}

// New makes the step.
func New(l Ledger, bus Publisher) *Step {
	s := &Step{ledger: l, bus: bus, followUp: newFollowUp(l, time.Now), metrics: newMetrics()}
	for lane := range s.holds {
		s.holds[lane] = batch.New(s.decide, batch.Options{Max: maxBatch, Gap: 6 * time.Millisecond, Busy: 32})
	}
	s.changes = batch.New(s.announce, batch.Options{Max: maxChanges, Gap: publishGap})
	return s
}

// Handle decides one bet together with those that come at the same time. It
// returns nil once the outcome is committed and published. A refusal is an
// outcome. An error means that the bet has no outcome yet, or that it was not
// published.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	placed, ok := e.(event.BetPlaced)
	if !ok {
		return fmt.Errorf("%w: holdbets does not handle %s", event.ErrMalformed, e.Type())
	}
	bet := placed.Bet()
	d, err := s.laneOf(bet.UserID).Do(ctx, bet)
	if err == nil {
		err = d.ruling.Err
	}
	if err != nil {
		return fmt.Errorf("bet %s: %w", bet.ID, err)
	}
	if err := d.publication.wait(ctx); err != nil {
		return fmt.Errorf("bet %s is %s, but that was not published: %w", bet.ID, d.ruling.Outcome, err)
	}
	s.metrics.count(ctx, bet, d.ruling.Decision)
	return nil
}

// laneOf is where a user's bets are decided. The last byte of a UUIDv7 is random.
func (s *Step) laneOf(user uuid.UUID) *batch.Batcher[ledger.Bet, decided] {
	if s.holds[0].Waiting() < crowd {
		return s.holds[0]
	}
	return s.holds[user[len(user)-1]%lanes]
}

// decide rules on a batch and starts to publish its changes, which continues
// while the next batch is decided.
func (s *Step) decide(ctx context.Context, bets []ledger.Bet) ([]decided, error) {
	s.metrics.batch.Record(ctx, int64(len(bets)))
	rulings := s.holdOrSplit(ctx, bets)
	s.followUp.held(bets, rulings)
	publication := s.publish(ctx, changesOf(bets, rulings))
	answers := make([]decided, len(rulings))
	for i, r := range rulings {
		answers[i] = decided{ruling: r, publication: publication}
	}
	return answers, nil
}

// holdOrSplit decides a batch. If the database rejects it for a lasting reason, the
// batch is halved again and again until only the bets at fault get the error,
// so that one poisoned message keeps no other bet from its outcome (rule 11).
// For a passing failure, such as a database that is down, it does not search:
// every bet gets the error and is delivered again.
func (s *Step) holdOrSplit(ctx context.Context, bets []ledger.Bet) []ledger.Ruling {
	rulings, err := s.ledger.Hold(ctx, bets)
	switch {
	case err == nil:
		return rulings
	case len(bets) == 1, !errors.Is(err, ledger.ErrLasting):
		return unruled(bets, err)
	}
	half := len(bets) / 2
	return append(s.holdOrSplit(ctx, bets[:half]), s.holdOrSplit(ctx, bets[half:])...)
}

// unruled gives every bet the error instead of a decision.
func unruled(bets []ledger.Bet, err error) []ledger.Ruling {
	rulings := make([]ledger.Ruling, len(bets))
	for i, b := range bets {
		rulings[i] = ledger.Ruling{Decision: ledger.Decision{BetID: b.ID}, Err: err}
	}
	return rulings
}
