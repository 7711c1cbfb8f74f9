package sweepbets_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/betlog"
)

const age = time.Minute

var errDown = errors.New("down")

// fixture is a ledger, a log and a bus, with a clock that a test can put forward:
// the log's times are its server's own.
type fixture struct {
	storetest.Users
	log   *betlog.Log
	bus   *storetest.Bus
	ahead time.Duration
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	log, err := betlog.Open(context.Background(), standtest.Firestore(t), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &fixture{Users: storetest.NewUsers(t), log: log, bus: &storetest.Bus{}, ahead: 2 * age}
}

// now is the ledger's clock.
func (f *fixture) now(ctx context.Context) (time.Time, error) {
	now, err := f.Pool.Now(ctx)
	return now.Add(f.ahead), err
}

func (f *fixture) step() *sweepbets.Step { return f.stepWith(f, payment.Sandbox{}, f.bus) }

func (f *fixture) stepWith(l sweepbets.Ledger, p sweepbets.Provider, bus sweepbets.Publisher) *sweepbets.Step {
	return sweepbets.New(l, f.log, p, bus, sweepbets.Options{Age: age, Now: f.now})
}

func (f *fixture) tick() event.Tick { return event.Tick{At: time.Now().Add(f.ahead)} }

// logged appends bets to the log as the API does, and publishes none of them.
func (f *fixture) logged(t *testing.T, mission uuid.UUID, n int) []ledger.Bet {
	t.Helper()
	bets := make([]ledger.Bet, n)
	var all errgroup.Group
	all.SetLimit(16)
	for i := range bets {
		user := f.User(1000)
		all.Go(func() error {
			var err error
			bets[i], _, err = f.log.Append(t.Context(), ledger.LogEntry{
				Bet:  ledger.Bet{MissionID: mission, UserID: user, Amount: 100, Deadline: time.Now().Add(time.Hour)},
				Kind: "bet", IdempotencyKey: fmt.Sprint("key-", i), RequestHash: []byte("hash"),
			})
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	return bets
}

// decide holds bets, as holdbets does with those it receives.
func (f *fixture) decide(t *testing.T, bets []ledger.Bet) {
	t.Helper()
	rulings, err := f.Hold(t.Context(), bets)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rulings {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

// placed are the ids of the bets that were published, sorted.
func (f *fixture) placed() []string {
	var ids []string
	for _, p := range storetest.Published[event.BetPlaced](f.bus) {
		ids = append(ids, p.BetID.String())
	}
	slices.Sort(ids)
	return ids
}

func idsOf(bets []ledger.Bet) []string {
	var ids []string
	for _, b := range bets {
		ids = append(ids, b.ID.String())
	}
	slices.Sort(ids)
	return ids
}

func (f *fixture) strays() int64 { return f.Figure(`SELECT count(*) FROM strays`) }

func (f *fixture) makeDue() { f.Exec(`UPDATE strays SET next_at = clock_timestamp()`) }

// The API failed after logging a bet and before publishing it: the sweep publishes it.
func TestRule16ABetThatNobodyPublishedIsPublishedAgainUntilItIsDecided(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission := f.Mission(f.User(500), 500)
	bets := f.logged(t, mission, 30)
	f.decide(t, bets[:20])
	lost := bets[20:]

	step := f.step()
	handle(t, step, f.tick())
	if got, want := f.placed(), idsOf(lost); !slices.Equal(got, want) {
		t.Fatalf("published %d bets, want exactly the %d without an outcome", len(got), len(want))
	}
	for _, p := range storetest.Published[event.BetPlaced](f.bus) {
		i := slices.IndexFunc(lost, func(b ledger.Bet) bool { return b.ID == p.BetID })
		if p.Bet() != lost[i] {
			t.Errorf("published %+v, want it as it was logged: %+v", p.Bet(), lost[i])
		}
	}
	// They are before the mark and not yet due: nothing to do.
	handle(t, step, f.tick())
	if got := len(f.placed()); got != 10 {
		t.Errorf("%d bets were published after a second tick, want still 10", got)
	}
	// They were not handled, so they are published again. Once decided they are deleted.
	f.makeDue()
	handle(t, step, f.tick())
	if got := len(f.placed()); got != 20 {
		t.Errorf("%d bets were published once their wait was over, want 20", got)
	}
	f.decide(t, lost)
	f.makeDue()
	handle(t, step, f.tick())
	if got, left := len(f.placed()), f.strays(); got != 20 || left != 0 {
		t.Errorf("%d bets were published and %d are strays after all were decided, want 20 and 0", got, left)
	}
}

func TestRule16AYoungEntryIsLeftToItsOrdinaryWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ahead = 0
	f.logged(t, f.Mission(f.User(500), 500), 5)
	handle(t, f.step(), f.tick())
	if got := len(f.placed()); got != 0 {
		t.Errorf("%d bets that were logged just now were published again", got)
	}
	f.ahead = 2 * age
	handle(t, f.step(), f.tick())
	if got := len(f.placed()); got != 5 {
		t.Errorf("%d bets were published once they were old enough, want 5", got)
	}
}

// Whatever fails, the mark passes a bet only when it is decided or a stray.
func TestRule16AFailureMovesNoMarkPastABet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bets := f.logged(t, f.Mission(f.User(500), 500), 20)
	if err := f.stepWith(immovable{f}, payment.Sandbox{}, f.bus).Handle(t.Context(), f.tick()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the database's", err)
	}
	if got := len(f.placed()); got != 0 {
		t.Errorf("%d bets were published that are no strays", got)
	}
	// The bus fails after the mark has moved: they are strays by then.
	deaf := &storetest.Bus{Refuse: func([]event.Event) error { return errDown }}
	if err := f.stepWith(f, payment.Sandbox{}, deaf).Handle(t.Context(), f.tick()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the bus's", err)
	}
	if got := f.strays(); got != 20 {
		t.Fatalf("%d strays are kept, want 20", got)
	}
	f.makeDue()
	handle(t, f.step(), f.tick())
	if got, want := f.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d of the strays, want all %d", len(got), len(want))
	}
}

type immovable struct{ *fixture }

func (immovable) Advance(context.Context, int, ledger.Mark, []ledger.Bet) error { return errDown }

func TestRule16AShardIsSweptByOneInstanceAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bets := f.logged(t, f.Mission(f.User(500), 500), 60)
	var all errgroup.Group
	for range 3 {
		step := f.stepWith(storetest.OpenUsers(t, f.Pool.Config().ConnString()), payment.Sandbox{}, f.bus)
		all.Go(func() error { return step.Handle(t.Context(), f.tick()) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	handle(t, f.step(), f.tick()) // for a shard that was swept before its entries were old enough
	if got, want := f.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d times, want each of %d bets once", len(got), len(want))
	}
}

func TestRule16OldTicksAndTicksDuringARoundAreDropped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asked := &asking{fixture: f, inside: make(chan struct{}), goOn: make(chan struct{})}
	step := f.stepWith(asked, payment.Sandbox{}, f.bus)
	handle(t, step, event.Tick{At: time.Now().Add(f.ahead - time.Minute)})
	if got := asked.rounds.Load(); got != 0 {
		t.Fatal("an old tick set off a round")
	}
	first := make(chan error)
	go func() { first <- step.Handle(t.Context(), f.tick()) }()
	<-asked.inside
	handle(t, step, f.tick())
	close(asked.goOn)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if got := asked.rounds.Load(); got != 1 {
		t.Errorf("%d rounds ran, want the second tick to be dropped during the first", got)
	}
}

// asking blocks in the first query of a round.
type asking struct {
	*fixture
	rounds       atomic.Int32
	inside, goOn chan struct{}
}

func (a *asking) UnpublishedPots(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Pot, error) {
	if a.rounds.Add(1) == 1 {
		close(a.inside)
		<-a.goOn
	}
	return a.fixture.UnpublishedPots(ctx, olderThan, limit)
}

// holdbets failed after its commit: the sweep publishes the pot.
func TestRule9AnUnpublishedPotIsPublished(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission := f.Mission(f.User(500), 500)
	f.Exec(`UPDATE escrows SET changed_at = clock_timestamp() - interval '2 minutes'`)
	fresh := f.Mission(f.User(500), 500)
	for range 2 {
		handle(t, f.step(), f.tick())
	}
	published := storetest.Published[event.PotChanged](f.bus)
	if want := (event.PotChanged{MissionID: mission, Amount: 500, Contributors: 1, Version: 1}); len(published) != 1 || published[0] != want {
		t.Errorf("published %+v, want once %+v, and nothing yet of %s", published, want, fresh)
	}
}

func TestRule3AChargeWhoseAnswerWasLostIsResolved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(0)
	paid, declined, fresh := f.charge(user, 5000, 2*age), f.charge(user, payment.DeclinedAmount, 2*age), f.charge(user, 3000, 0)
	for range 2 {
		handle(t, f.step(), f.tick())
	}
	for id, want := range map[uuid.UUID]int64{paid: 1, declined: 2, fresh: 0} {
		got := f.Figure(`SELECT CASE status WHEN 'succeeded' THEN 1 WHEN 'declined' THEN 2 ELSE 0 END FROM charges WHERE id = $1`, id)
		if got != want {
			t.Errorf("charge %s has status %d, want %d (0 pending, 1 succeeded, 2 declined)", id, got, want)
		}
	}
	if got := f.Cash(user); got != 5000 {
		t.Errorf("the wallet has %d, want 5000", got)
	}
}

func (f *fixture) charge(user uuid.UUID, amount ledger.Won, old time.Duration) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	f.Exec(`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, created_at)
		VALUES ($1::uuid, $2, $1::uuid::text, '', $3, clock_timestamp() - $4::interval)`, id, user, amount, old)
	return id
}

// Each part of a round runs even if another fails.
func TestOneFailingPartDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission := f.Mission(f.User(500), 500)
	f.Exec(`UPDATE escrows SET changed_at = clock_timestamp() - interval '2 minutes'`)
	user := f.User(0)
	f.charge(user, 1000, 2*age)
	good := f.charge(user, 5000, age+time.Second)
	bets := f.logged(t, mission, 20)
	broken := oneShardDown{f}
	err := f.stepWith(broken, moody{}, f.bus).Handle(t.Context(), f.tick())
	if !errors.Is(err, errDown) || !errors.Is(err, errMoody) {
		t.Errorf("the error is %v, want both the shard's and the provider's", err)
	}
	if published := storetest.Published[event.PotChanged](f.bus); len(published) != 1 {
		t.Errorf("published %v, want the pot", published)
	}
	if got := f.Figure(`SELECT count(*) FROM charges WHERE id = $1 AND status = 'succeeded'`, good); got != 1 {
		t.Error("a charge behind one without an answer was not resolved")
	}
	handle(t, f.step(), f.tick())
	if got, want := f.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d bets in the end, want each of %d once", len(got), len(want))
	}
}

type oneShardDown struct{ *fixture }

func (o oneShardDown) Mark(ctx context.Context, shard int) (ledger.Mark, error) {
	if shard == 7 {
		return ledger.Mark{}, errDown
	}
	return o.fixture.Mark(ctx, shard)
}

// moody is a provider whose lookup of one charge fails.
type moody struct{ payment.Sandbox }

var errMoody = errors.New("ask me later")

func (m moody) Lookup(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	if c.Amount == 1000 {
		return "", errMoody
	}
	return m.Sandbox.Lookup(ctx, c)
}

func TestAnotherStepsEventIsMalformed(t *testing.T) {
	t.Parallel()
	err := sweepbets.New(nil, nil, nil, nil, sweepbets.Options{}).Handle(t.Context(), event.VerdictGiven{})
	if !errors.Is(err, event.ErrMalformed) {
		t.Errorf("the error is %v, want malformed", err)
	}
}

func handle(t *testing.T, step *sweepbets.Step, tick event.Tick) {
	t.Helper()
	if err := step.Handle(t.Context(), tick); err != nil {
		t.Fatal(err)
	}
}
