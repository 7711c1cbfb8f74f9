package holdbets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/batch"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
)

// maxBatch is the most bets in one transaction: as many as one instance has
// pushes in flight (rule 20).
const maxBatch = 1000

// lanes is how many batches are decided at once. Under load a user's bets all go
// the same lane, so that two batches seldom wait for the same wallet. Two keep
// two processors of Postgres busy while this program prepares the next; three
// were no faster on two.
const lanes = 2

// crowd is how many bets must wait in the first lane before another is used: a
// batch costs Postgres as much as some 80 bets, so few bets in two batches are
// slower than in one.
const crowd = 250

// newsGap lets the news of several batches share one message of each pot. A
// publish costs more than what is in it, and nobody looks at a pot more than once
// a second.
const newsGap = 12 * time.Millisecond

// maxNews is the most batches told of in one go. More can hardly gather: each
// has callers waiting for it, and there are no more of them than fit one batch.
const maxNews = 100

// Ledger is what the step asks of the users instance.
type Ledger interface {
	// Hold decides bets in one transaction and returns one ruling for each. The
	// error is ledger.ErrLasting if the same bets would fail again.
	Hold(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error)
	// MarkPublished remembers which versions of the pots were told.
	MarkPublished(ctx context.Context, pots []ledger.Pot) error
	// RaiseStandings brings the ranking of contributors up to date.
	RaiseStandings(ctx context.Context, of []ledger.Contributor) error
}

// Publisher tells the other steps. It returns once Pub/Sub has the events.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Step decides bets. Make one with New; it is safe for concurrent use, and
// only concurrent use makes it fast.
type Step struct {
	ledger Ledger
	bus    Publisher
	holds  [lanes]*batch.Batcher[ledger.Bet, decided]
	news   *batch.Batcher[news, struct{}]
	trail  *trail

	metrics metrics
}

// decided is what one bet's caller learns of its batch.
type decided struct {
	ruling ledger.Ruling
	told   *telling
}

// New makes the step.
func New(l Ledger, bus Publisher) *Step {
	s := &Step{ledger: l, bus: bus, trail: newTrail(l, time.Now), metrics: newMetrics()}
	for lane := range s.holds {
		s.holds[lane] = batch.New(s.decide, batch.Options{Max: maxBatch, Gap: 6 * time.Millisecond, Busy: 32})
	}
	s.news = batch.New(s.announce, batch.Options{Max: maxNews, Gap: newsGap})
	return s
}

// Handle decides one bet together with those that come at the same time. It
// returns nil once the outcome is committed and told. A refusal is an outcome;
// an error means that the bet has none yet, or that nobody was told.
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
	if err := d.told.wait(ctx); err != nil {
		return fmt.Errorf("bet %s is %s, but that was not told: %w", bet.ID, d.ruling.Outcome, err)
	}
	s.metrics.told(ctx, bet, d.ruling.Decision)
	return nil
}

// laneOf is where a user's bets are decided. The last byte of a UUIDv7 is random.
func (s *Step) laneOf(user uuid.UUID) *batch.Batcher[ledger.Bet, decided] {
	if s.holds[0].Waiting() < crowd {
		return s.holds[0]
	}
	return s.holds[user[len(user)-1]%lanes]
}

// decide rules on a batch and sets off the telling, which goes on while the
// next batch is decided.
func (s *Step) decide(ctx context.Context, bets []ledger.Bet) ([]decided, error) {
	s.metrics.batch.Record(ctx, int64(len(bets)))
	rulings := s.hold(ctx, bets)
	s.trail.held(bets, rulings)
	told := s.tell(ctx, newsOf(bets, rulings))
	answers := make([]decided, len(rulings))
	for i, r := range rulings {
		answers[i] = decided{ruling: r, told: told}
	}
	return answers, nil
}

// hold decides a batch. If the database refuses it for a lasting reason, the
// batch is halved again and again until only the bets at fault stand alone
// with the error, so that one poisoned message keeps nobody else from an
// outcome (rule 11). A passing failure, such as a database that is down, is not
// searched for: everyone gets it and comes again.
func (s *Step) hold(ctx context.Context, bets []ledger.Bet) []ledger.Ruling {
	rulings, err := s.ledger.Hold(ctx, bets)
	switch {
	case err == nil:
		return rulings
	case len(bets) == 1, !errors.Is(err, ledger.ErrLasting):
		return unruled(bets, err)
	}
	half := len(bets) / 2
	return append(s.hold(ctx, bets[:half]), s.hold(ctx, bets[half:])...)
}

// unruled gives every bet the error instead of a decision.
func unruled(bets []ledger.Bet, err error) []ledger.Ruling {
	rulings := make([]ledger.Ruling, len(bets))
	for i, b := range bets {
		rulings[i] = ledger.Ruling{Decision: ledger.Decision{BetID: b.ID}, Err: err}
	}
	return rulings
}
