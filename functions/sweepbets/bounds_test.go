package sweepbets_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// endless is a log without end, and a ledger that decided all of its bets or
// none. It counts what a round reads. A real log would take minutes to fill.
type endless struct {
	sweepbets.Ledger
	decided bool

	mu      sync.Mutex
	pages   map[int]int
	entries int
}

func (e *endless) Since(_ context.Context, shard int, _ ledger.Mark, _ time.Time, limit int) ([]ledger.Logged, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pages[shard]++
	e.entries += limit
	page := make([]ledger.Logged, limit)
	for i := range page {
		page[i].ID = uuid.New()
	}
	return page, nil
}

func (e *endless) Undecided(_ context.Context, bets []uuid.UUID) ([]uuid.UUID, error) {
	if e.decided {
		return nil, nil
	}
	return bets, nil
}

func (*endless) now(context.Context) (time.Time, error) { return time.Now(), nil }

func (*endless) WithShard(ctx context.Context, _ int, sweep func(context.Context) error) (bool, error) {
	return true, sweep(ctx)
}
func (*endless) Mark(context.Context, int) (ledger.Mark, error)                { return ledger.Mark{}, nil }
func (*endless) Advance(context.Context, int, ledger.Mark, []ledger.Bet) error { return nil }
func (*endless) DueStrays(context.Context, int) ([]ledger.Bet, error)          { return nil, nil }
func (*endless) UnpublishedPots(context.Context, time.Duration, int) ([]ledger.Pot, error) {
	return nil, nil
}
func (*endless) CatchUpStandings(context.Context, time.Duration, int) error { return nil }
func (*endless) PendingCharges(context.Context, time.Duration, int) ([]ledger.Charge, error) {
	return nil, nil
}

func (e *endless) round(t *testing.T, ctx context.Context) *storetest.Bus {
	t.Helper()
	e.pages = map[int]int{}
	bus := &storetest.Bus{}
	step := sweepbets.New(e, e, payment.Sandbox{}, bus, sweepbets.Options{Age: age, Now: e.now})
	if err := step.Handle(ctx, event.Tick{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if len(e.pages) != 16 {
		t.Errorf("%d shards were swept, want 16", len(e.pages))
	}
	return bus
}

// One round can keep up with the 8,000 bets a second that the log takes, at one
// tick a minute, and it is bounded.
func TestRule16ARoundReadsWhatAMinuteCanLogAndNoMore(t *testing.T) {
	t.Parallel()
	log := &endless{decided: true}
	bus := log.round(t, t.Context())
	if want := 8000 * 60; log.entries != want {
		t.Errorf("a round read %d entries, want %d", log.entries, want)
	}
	if published := storetest.Published[event.BetPlaced](bus); len(published) != 0 {
		t.Errorf("%d decided bets were published again", len(published))
	}
}

// If nothing is decided, holdbets is down, and a flood of messages would not help.
func TestRule16ARoundPublishesABoundedNumberOfBets(t *testing.T) {
	t.Parallel()
	bus := (&endless{}).round(t, t.Context())
	if published := storetest.Published[event.BetPlaced](bus); len(published) != 16*1000 {
		t.Errorf("a round published %d bets, want 1000 of each of 16 shards", len(published))
	}
}

func TestARoundStopsBetweenTwoPagesWhenTheTimeIsNearlyUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	log := &endless{decided: true}
	log.round(t, ctx)
	for shard, pages := range log.pages {
		if pages != 1 {
			t.Errorf("shard %d: %d pages were read with little time left, want 1", shard, pages)
		}
	}
}
