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

	"example.com/missionpot/functions/internal/steptest"
	"example.com/missionpot/functions/sweepbets"
	"example.com/missionpot/internal/betlog"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/lab/labtest"
	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/payment"
)

const age = time.Minute

var errDown = errors.New("down")

// stage is a ledger, a log and a bus, with a clock that a test can put forward:
// the log's times are its server's own.
type stage struct {
	steptest.Ledger
	log   *betlog.Log
	bus   *steptest.Bus
	ahead time.Duration
}

func newStage(t *testing.T) *stage {
	t.Helper()
	log, err := betlog.Open(context.Background(), labtest.Firestore(t), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &stage{Ledger: steptest.NewLedger(t), log: log, bus: &steptest.Bus{}, ahead: 2 * age}
}

// now is the ledger's clock.
func (s *stage) now(ctx context.Context) (time.Time, error) {
	now, err := s.Now(ctx)
	return now.Add(s.ahead), err
}

func (s *stage) step() *sweepbets.Step { return s.stepWith(s, payment.Sandbox{}, s.bus) }

func (s *stage) stepWith(l sweepbets.Ledger, p sweepbets.Provider, bus sweepbets.Publisher) *sweepbets.Step {
	return sweepbets.New(l, s.log, p, bus, sweepbets.Options{Age: age, Now: s.now})
}

func (s *stage) tick() event.Tick { return event.Tick{At: time.Now().Add(s.ahead)} }

// logged appends bets to the log as the API does, and publishes none of them.
func (s *stage) logged(t *testing.T, mission uuid.UUID, n int) []ledger.Bet {
	t.Helper()
	bets := make([]ledger.Bet, n)
	var all errgroup.Group
	all.SetLimit(16)
	for i := range bets {
		user := s.User(1000)
		all.Go(func() error {
			var err error
			bets[i], _, err = s.log.Append(t.Context(), betlog.Entry{
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

// decide holds bets, as holdbets does with those it hears of.
func (s *stage) decide(t *testing.T, bets []ledger.Bet) {
	t.Helper()
	rulings, err := s.Hold(t.Context(), bets)
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
func (s *stage) placed() []string {
	var ids []string
	for _, p := range steptest.Told[event.BetPlaced](s.bus) {
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

func (s *stage) strays() int64 { return s.Figure(`SELECT count(*) FROM strays`) }

func (s *stage) makeDue() { s.Exec(`UPDATE strays SET next_at = clock_timestamp()`) }

// The API died between the log and the publish: the sweep brings the bet home.
func TestRule16ABetThatNobodyPublishedIsPublishedAgainUntilItIsDecided(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	mission := s.Mission(s.User(500), 500)
	bets := s.logged(t, mission, 30)
	s.decide(t, bets[:20])
	lost := bets[20:]

	step := s.step()
	handle(t, step, s.tick())
	if got, want := s.placed(), idsOf(lost); !slices.Equal(got, want) {
		t.Fatalf("published %d bets, want exactly the %d without an outcome", len(got), len(want))
	}
	for _, p := range steptest.Told[event.BetPlaced](s.bus) {
		i := slices.IndexFunc(lost, func(b ledger.Bet) bool { return b.ID == p.BetID })
		if p.Bet() != lost[i] {
			t.Errorf("published %+v, want it as it was logged: %+v", p.Bet(), lost[i])
		}
	}
	// Behind the mark and not yet due: nothing to do.
	handle(t, step, s.tick())
	if got := len(s.placed()); got != 10 {
		t.Errorf("%d bets were published after a second tick, want still 10", got)
	}
	// Nobody handled them: they come again, and then, decided, they are forgotten.
	s.makeDue()
	handle(t, step, s.tick())
	if got := len(s.placed()); got != 20 {
		t.Errorf("%d bets were published once their wait was over, want 20", got)
	}
	s.decide(t, lost)
	s.makeDue()
	handle(t, step, s.tick())
	if got, left := len(s.placed()), s.strays(); got != 20 || left != 0 {
		t.Errorf("%d bets were published and %d are strays after all were decided, want 20 and 0", got, left)
	}
}

func TestRule16AYoungEntryIsLeftToItsOrdinaryWay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.ahead = 0
	s.logged(t, s.Mission(s.User(500), 500), 5)
	handle(t, s.step(), s.tick())
	if got := len(s.placed()); got != 0 {
		t.Errorf("%d bets that were logged just now were published again", got)
	}
	s.ahead = 2 * age
	handle(t, s.step(), s.tick())
	if got := len(s.placed()); got != 5 {
		t.Errorf("%d bets were published once they were old enough, want 5", got)
	}
}

// A bet is passed only when decided or a stray, whatever fails.
func TestRule16AFailureMovesNoMarkPastABet(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	bets := s.logged(t, s.Mission(s.User(500), 500), 20)
	if err := s.stepWith(immovable{s}, payment.Sandbox{}, s.bus).Handle(t.Context(), s.tick()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the database's", err)
	}
	if got := len(s.placed()); got != 0 {
		t.Errorf("%d bets were published that are no strays", got)
	}
	// The bus fails after the mark has moved: they are strays by then.
	deaf := &steptest.Bus{Refuse: func([]event.Event) error { return errDown }}
	if err := s.stepWith(s, payment.Sandbox{}, deaf).Handle(t.Context(), s.tick()); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the bus's", err)
	}
	if got := s.strays(); got != 20 {
		t.Fatalf("%d strays are kept, want 20", got)
	}
	s.makeDue()
	handle(t, s.step(), s.tick())
	if got, want := s.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d of the strays, want all %d", len(got), len(want))
	}
}

type immovable struct{ *stage }

func (immovable) Advance(context.Context, int, ledger.Mark, []ledger.Bet) error { return errDown }

func TestRule16AShardIsSweptByOneInstanceAtATime(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	bets := s.logged(t, s.Mission(s.User(500), 500), 60)
	var all errgroup.Group
	for range 3 {
		step := s.stepWith(s.Instance(10), payment.Sandbox{}, s.bus)
		all.Go(func() error { return step.Handle(t.Context(), s.tick()) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	handle(t, s.step(), s.tick()) // for a shard whose sweeper came too early
	if got, want := s.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d times, want each of %d bets once", len(got), len(want))
	}
}

func TestRule16OldTicksAndTicksDuringARoundAreDropped(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	asked := &asking{stage: s, inside: make(chan struct{}), goOn: make(chan struct{})}
	step := s.stepWith(asked, payment.Sandbox{}, s.bus)
	handle(t, step, event.Tick{At: time.Now().Add(s.ahead - time.Minute)})
	if got := asked.rounds.Load(); got != 0 {
		t.Fatal("an old tick set off a round")
	}
	first := make(chan error)
	go func() { first <- step.Handle(t.Context(), s.tick()) }()
	<-asked.inside
	handle(t, step, s.tick())
	close(asked.goOn)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if got := asked.rounds.Load(); got != 1 {
		t.Errorf("%d rounds ran, want the second tick to be dropped during the first", got)
	}
}

// asking stops at the first question of a round.
type asking struct {
	*stage
	rounds       atomic.Int32
	inside, goOn chan struct{}
}

func (a *asking) UnpublishedPots(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Pot, error) {
	if a.rounds.Add(1) == 1 {
		close(a.inside)
		<-a.goOn
	}
	return a.stage.UnpublishedPots(ctx, olderThan, limit)
}

// holdbets died after its commit: the sweep tells the pot.
func TestRule9APotThatWasNotToldIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	mission := s.Mission(s.User(500), 500)
	s.Exec(`UPDATE escrows SET changed_at = clock_timestamp() - interval '2 minutes'`)
	fresh := s.Mission(s.User(500), 500)
	for range 2 {
		handle(t, s.step(), s.tick())
	}
	told := steptest.Told[event.PotChanged](s.bus)
	if want := (event.PotChanged{MissionID: mission, Total: 500, Contributors: 1, Version: 1}); len(told) != 1 || told[0] != want {
		t.Errorf("told %+v, want once %+v, and nothing yet of %s", told, want, fresh)
	}
}

func TestRule3AChargeWhoseAnswerWasLostIsResolved(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	user := s.User(0)
	paid, declined, fresh := s.charge(user, 5000, 2*age), s.charge(user, payment.DeclinedAmount, 2*age), s.charge(user, 3000, 0)
	for range 2 {
		handle(t, s.step(), s.tick())
	}
	for id, want := range map[uuid.UUID]int64{paid: 1, declined: 2, fresh: 0} {
		got := s.Figure(`SELECT CASE status WHEN 'succeeded' THEN 1 WHEN 'declined' THEN 2 ELSE 0 END FROM charges WHERE id = $1`, id)
		if got != want {
			t.Errorf("charge %s has status %d, want %d (0 pending, 1 succeeded, 2 declined)", id, got, want)
		}
	}
	if got := s.Cash(user); got != 5000 {
		t.Errorf("the wallet has %d, want 5000", got)
	}
}

func (s *stage) charge(user uuid.UUID, amount ledger.Won, old time.Duration) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	s.Exec(`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, created_at)
		VALUES ($1::uuid, $2, $1::uuid::text, '', $3, clock_timestamp() - $4::interval)`, id, user, amount, old)
	return id
}

// Each part of a round is tried whatever became of the others.
func TestOneFailingPartDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	mission := s.Mission(s.User(500), 500)
	s.Exec(`UPDATE escrows SET changed_at = clock_timestamp() - interval '2 minutes'`)
	user := s.User(0)
	s.charge(user, 1000, 2*age)
	good := s.charge(user, 5000, age+time.Second)
	bets := s.logged(t, mission, 20)
	broken := oneShardDown{s}
	err := s.stepWith(broken, moody{}, s.bus).Handle(t.Context(), s.tick())
	if !errors.Is(err, errDown) || !errors.Is(err, errMoody) {
		t.Errorf("the error is %v, want both the shard's and the provider's", err)
	}
	if told := steptest.Told[event.PotChanged](s.bus); len(told) != 1 {
		t.Errorf("told %v, want the pot", told)
	}
	if got := s.Figure(`SELECT count(*) FROM charges WHERE id = $1 AND status = 'succeeded'`, good); got != 1 {
		t.Error("a charge behind one that could not be told was not resolved")
	}
	handle(t, s.step(), s.tick())
	if got, want := s.placed(), idsOf(bets); !slices.Equal(got, want) {
		t.Errorf("published %d bets in the end, want each of %d once", len(got), len(want))
	}
}

type oneShardDown struct{ *stage }

func (o oneShardDown) Mark(ctx context.Context, shard int) (ledger.Mark, error) {
	if shard == 7 {
		return ledger.Mark{}, errDown
	}
	return o.stage.Mark(ctx, shard)
}

// moody is a provider that can't tell about one charge.
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
