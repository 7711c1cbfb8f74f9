package holdbets_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// In these tests it matters which bets share a batch. A bubble of synctest
// knows when all callers are waiting, but can't include a real database, so the
// ledger is a counting fake.

// One message that the database rejects must not keep a batch from its outcome.
func TestRule11OnlyThePoisonErrs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		poison := map[int]bool{3: true, 4: true, 39: true}
		bets := betsOn(40, uuid.New())
		l := newCounting()
		for i := range poison {
			l.poison = append(l.poison, bets[i].ID)
		}
		for i, err := range together(t, l, &storetest.Bus{}, bets) {
			switch {
			case poison[i] && !errors.Is(err, ledger.ErrLasting):
				t.Errorf("poison %d got %v, want a lasting error", i, err)
			case !poison[i] && err != nil:
				t.Errorf("bet %d got %v, want an outcome", i, err)
			}
		}
		if got := l.held(); got != 37 {
			t.Errorf("%d bets are held, want 37", got)
		}
		// Halving finds one among 39 in 13 statements at most, and the others share them.
		if got := len(l.batches); got > 1+3*13 {
			t.Errorf("the ledger was called %d times, want the poison to be found by halving", got)
		}
	})
}

func TestRule11ADatabaseThatIsDownIsNotPoison(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newCounting()
		l.down = errDown
		for i, err := range together(t, l, &storetest.Bus{}, betsOn(40, uuid.New())) {
			if !errors.Is(err, errDown) {
				t.Errorf("bet %d got %v, want the database's error, so that it is delivered again", i, err)
			}
		}
		if got := len(l.batches); got != 2 {
			t.Errorf("the database that is down was called %d times, want once for each of 2 batches", got)
		}
	})
}

func TestRule9OneMessagePerMissionAndBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus, l := &storetest.Bus{}, newCounting()
		missions := []uuid.UUID{uuid.New(), uuid.New()}
		for i, err := range together(t, l, bus, betsOn(201, missions...)) {
			if err != nil {
				t.Fatalf("bet %d: %v", i, err)
			}
		}
		published := storetest.Published[event.PotChanged](bus)
		// The first bet went alone; the other 200, of two missions, behind it.
		// The changes of both batches may be published together.
		if len(l.batches) != 2 || len(published) > 3 {
			t.Fatalf("%d batches and %d published pots, want 2 and at most 3", len(l.batches), len(published))
		}
		newest := map[uuid.UUID]int64{}
		for _, p := range published {
			newest[p.MissionID] = max(newest[p.MissionID], p.Version)
		}
		if newest[missions[0]] != 101 || newest[missions[1]] != 100 {
			t.Errorf("the newest versions published are %v, want 101 and 100", newest)
		}
	})
}

// While the bus is busy with one batch, later ones gather and are published
// together, only the newest pot of each mission.
func TestBatchesThatGatherWhileTheBusIsBusyArePublishedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		bus := &storetest.Bus{Refuse: func([]event.Event) error { <-goOn; return nil }}
		l := newCounting()
		close(l.open)
		step := holdbets.New(l, bus)
		var all sync.WaitGroup
		for _, bet := range betsOn(5, uuid.New()) {
			all.Go(func() {
				if err := step.Handle(t.Context(), event.NewBetPlaced(bet)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // each bet is a batch of its own
		}
		close(goOn)
		all.Wait()
		var versions []int64
		for _, p := range storetest.Published[event.PotChanged](bus) {
			versions = append(versions, p.Version)
		}
		if !slices.Equal(versions, []int64{1, 5}) {
			t.Errorf("published the versions %v, want 1 and 5", versions)
		}
	})
}

// A batch costs as much as many bets, so few bets are one batch. When a crowd
// waits there are two lanes. Each user's bets stay in one lane, and two users
// need not wait for one another.
func TestACrowdOpensASecondLaneAndAUsersBetsStayInOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newCounting()
		step := holdbets.New(l, &storetest.Bus{})
		mission, other := uuid.New(), ofOneLane()
		other[len(other)-1] = 1
		var all sync.WaitGroup
		handle := func(user uuid.UUID) {
			all.Go(func() {
				if err := step.Handle(t.Context(), event.NewBetPlaced(storetest.Bet(mission, user, 100))); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		handle(ofOneLane())
		handle(other)
		if got := l.entered.Load(); got != 1 {
			t.Errorf("%d batches are under way, want 1 because no crowd waits", got)
		}
		for range 250 {
			handle(ofOneLane())
		}
		handle(other)
		if got := l.entered.Load(); got != 2 {
			t.Errorf("%d batches are under way, want 2 because a crowd waits", got)
		}
		close(l.open)
		all.Wait()
		if diff := cmp.Diff([]int{1, 1, 251}, slices.Sorted(slices.Values(l.batches))); diff != "" {
			t.Errorf("sizes of the batches (-want +got):\n%s", diff)
		}
	})
}

// A caller that gives up must not stop the publishing for the others.
func TestACallerThatGivesUpDoesNotStopThePublishing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		bus := &storetest.Bus{Refuse: func([]event.Event) error { <-goOn; return nil }}
		l := newCounting()
		close(l.open)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- holdbets.New(l, bus).Handle(ctx, event.NewBetPlaced(betsOn(1, uuid.New())[0])) }()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v, want the context's: it is not known yet whether it was published", err)
		}
		close(goOn)
		synctest.Wait()
		if published := storetest.Published[event.PotChanged](bus); len(published) != 1 {
			t.Errorf("published %v, want the pot", published)
		}
	})
}

// together handles bets with one step: the first alone, and the others as one
// batch behind it.
func together(t *testing.T, l *counting, bus *storetest.Bus, bets []ledger.Bet) []error {
	t.Helper()
	step := holdbets.New(l, bus)
	errs := make([]error, len(bets))
	var all sync.WaitGroup
	for i, bet := range bets {
		all.Go(func() { errs[i] = step.Handle(t.Context(), event.NewBetPlaced(bet)) })
		if i == 0 {
			synctest.Wait()
		}
	}
	synctest.Wait()
	close(l.open)
	all.Wait()
	return errs
}

func betsOn(n int, missions ...uuid.UUID) []ledger.Bet {
	bets := make([]ledger.Bet, n)
	for i := range bets {
		bets[i] = storetest.Bet(missions[i%len(missions)], ofOneLane(), 100)
	}
	return bets
}

// ofOneLane makes a user whose bets go to the same lane as those of all others it makes.
func ofOneLane() uuid.UUID {
	user := uuid.New()
	user[len(user)-1] = 0
	return user
}

// counting is a ledger where every wallet is full. It counts batches, waits
// until it is opened, and fails where a test wants it to.
type counting struct {
	open   chan struct{}
	poison []uuid.UUID
	down   error

	entered atomic.Int32 // calls of Hold

	mu      sync.Mutex
	batches []int
	pots    map[uuid.UUID]ledger.Pot
}

func newCounting() *counting {
	return &counting{open: make(chan struct{}), pots: map[uuid.UUID]ledger.Pot{}}
}

func (c *counting) Hold(_ context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	c.entered.Add(1)
	<-c.open
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches = append(c.batches, len(bets))
	if c.down != nil {
		return nil, c.down
	}
	if slices.ContainsFunc(bets, func(b ledger.Bet) bool { return slices.Contains(c.poison, b.ID) }) {
		return nil, ledger.ErrLasting
	}
	rulings := make([]ledger.Ruling, len(bets))
	for i, b := range bets {
		p := c.pots[b.MissionID]
		p = ledger.Pot{MissionID: b.MissionID, Amount: p.Amount + b.Amount, Contributors: p.Contributors + 1, Version: p.Version + 1}
		c.pots[b.MissionID] = p
		rulings[i] = ledger.Ruling{Decision: ledger.Decision{BetID: b.ID, Outcome: ledger.Held, Pot: p}}
	}
	return rulings, nil
}

func (c *counting) MarkPublished(context.Context, []ledger.Pot) error { return nil }

func (c *counting) RaiseStandings(context.Context, []ledger.Contributor) error { return nil }

func (c *counting) held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, p := range c.pots {
		n += p.Contributors
	}
	return n
}
