package ledgerdb_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func TestABatchOfCoveredBetsIsHeldWithOnePot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, other := f.Escrow(), f.Escrow()
	ana, ben := f.User(5_000), f.User(5_000)
	rulings := f.MustHold(storetest.Bet(mission, ben, 700), storetest.Bet(mission, ana, 1_000), storetest.Bet(other, ben, 300), storetest.Bet(mission, ben, 200))
	for i, r := range rulings {
		if r.Err != nil || r.Outcome != ledger.Held {
			t.Errorf("bet %d: got %q (%v), want held", i, r.Outcome, r.Err)
		}
	}
	want := ledger.Pot{MissionID: mission, Amount: 1_900, Contributors: 2, Version: 1}
	if rulings[0].Pot != want {
		t.Errorf("pot: got %+v, want %+v", rulings[0].Pot, want)
	}
	if got := f.Cash(ben); got != 3_800 {
		t.Errorf("ben's cash: got %s, want 3,800 won", got)
	}
	f.CheckBooks()
}

func TestASmallBetPassesWhereALargerOneBeforeItDidNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	rulings := f.MustHold(storetest.Bet(mission, ana, 600), storetest.Bet(mission, ana, 600), storetest.Bet(mission, ana, 400))
	want := []ledger.Outcome{ledger.Held, ledger.Declined, ledger.Held}
	for i := range want {
		if rulings[i].Outcome != want[i] {
			t.Errorf("bet %d: got %q, want %q", i, rulings[i].Outcome, want[i])
		}
	}
	if rulings[1].Reason != ledger.InsufficientCash {
		t.Errorf("reason: got %q, want insufficient_cash", rulings[1].Reason)
	}
	f.CheckBooks()
}

// The same bet id moves cash once, in one batch, in two, and on both paths.
func TestRule9ARedeliveredBatchGetsItsFirstOutcomeAndThePresentPot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	first, poor := storetest.Bet(mission, ana, 800), storetest.Bet(mission, ana, 500)
	f.MustHold(first, first, poor)
	for _, r := range f.MustHold(poor, first) {
		want := map[uuid.UUID]ledger.Outcome{first.ID: ledger.Held, poor.ID: ledger.Declined}[r.BetID]
		if r.Outcome != want || r.Err != nil {
			t.Errorf("again: got %q (%v), want %q", r.Outcome, r.Err, want)
		}
		if r.Pot.Amount != 800 || r.Pot.Contributors != 1 {
			t.Errorf("the pot of a redelivery: got %+v, want 800 won of 1", r.Pot)
		}
	}
	if got := f.Cash(ana); got != 200 {
		t.Errorf("cash: got %s, want 200 won", got)
	}
	f.CheckBooks()
}

// A committed batch is delivered again unchanged: the fast path gets it both
// times, and must notice.
func TestRule9TheFastPathNoticesABatchItHasSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana, ben := f.Escrow(), f.User(1_000), f.User(1_000)
	batch := []ledger.Bet{storetest.Bet(mission, ana, 100), storetest.Bet(mission, ben, 200)}
	f.MustHold(batch...)
	for i, r := range f.MustHold(append(batch, storetest.Bet(mission, ben, 50))...) {
		if r.Outcome != ledger.Held || r.Err != nil || r.Pot.Amount != 350 {
			t.Errorf("bet %d again: got %q (%v) and a pot of %s, want held and 350 won", i, r.Outcome, r.Err, r.Pot.Amount)
		}
	}
	if f.Cash(ana) != 900 || f.Cash(ben) != 750 {
		t.Errorf("ana has %s and ben %s, want 900 and 750 won", f.Cash(ana), f.Cash(ben))
	}
	f.CheckBooks()
}

func TestRule11TheSameIdWithOtherContentsIsPoison(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana, ben := f.Escrow(), f.User(1_000), f.User(1_000)
	original := storetest.Bet(mission, ana, 300)
	forged := original
	forged.Amount = 200
	stolen := original
	stolen.UserID = ben
	f.MustHold(original)
	good := storetest.Bet(mission, ben, 100)
	rulings := f.MustHold(forged, stolen, good)
	for i, name := range []string{"another amount", "another user"} {
		if !errors.Is(rulings[i].Err, ledger.ErrPoison) {
			t.Errorf("%s: got %v, want ErrPoison", name, rulings[i].Err)
		}
	}
	if rulings[2].Outcome != ledger.Held {
		t.Errorf("the bet beside the poison: got %q, want held", rulings[2].Outcome)
	}
	f.CheckBooks()
}

func TestRule11AnUnknownUserOrMissionIsADecline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	lost := storetest.Bet(uuid.Must(uuid.NewV7()), ana, 100)
	lost.LoggedAt = lost.LoggedAt.Add(-2 * ledger.FundingTime)
	early := storetest.Bet(uuid.Must(uuid.NewV7()), ana, 100)
	rulings := f.MustHold(storetest.Bet(mission, uuid.New(), 100), lost, early)
	if got := rulings[0].Reason; got != ledger.UnknownUser {
		t.Errorf("reason: got %q, want unknown_user", got)
	}
	if got := rulings[1].Reason; got != ledger.UnknownMission {
		t.Errorf("reason: got %q, want unknown_mission", got)
	}
	if !errors.Is(rulings[2].Err, ledger.ErrNoEscrow) {
		t.Errorf("a bet that comes before its mission's stake: got %v, want ErrNoEscrow, so that it is retried", rulings[2].Err)
	}
	f.CheckBooks()
}

func TestRule4ABetLoggedAfterItsDeadlineIsDeclined(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	late, atOnce, inTime := storetest.Bet(mission, ana, 100), storetest.Bet(mission, ana, 100), storetest.Bet(mission, ana, 100)
	late.LoggedAt = late.Deadline.Add(time.Millisecond)
	atOnce.LoggedAt = atOnce.Deadline
	inTime.LoggedAt = inTime.Deadline.Add(-time.Millisecond)
	rulings := f.MustHold(late, atOnce, inTime)
	if rulings[0].Reason != ledger.TooLate || rulings[1].Reason != ledger.TooLate || rulings[2].Outcome != ledger.Held {
		t.Errorf("got %q, %q, %q; want too_late, too_late, held", rulings[0].Reason, rulings[1].Reason, rulings[2].Outcome)
	}
}

func TestTwentyGoroutinesBetTheLastCashOfOneWallet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(750)
	var wait sync.WaitGroup
	held := make(chan bool, 20)
	for range 20 {
		wait.Go(func() {
			r, err := f.Hold(t.Context(), []ledger.Bet{storetest.Bet(mission, ana, 100)})
			held <- err == nil && r[0].Outcome == ledger.Held
		})
	}
	wait.Wait()
	close(held)
	n := 0
	for ok := range held {
		if ok {
			n++
		}
	}
	if n != 7 || f.Cash(ana) != 50 {
		t.Errorf("750 won covered %d bets of 100 and left %s, want 7 and 50 won", n, f.Cash(ana))
	}
	f.CheckBooks()
}

// Batches that share wallets, missions and even bets are decided at the same
// time, as two instances would.
func TestRule6BatchesOfTwoInstancesAndAVerdictNeverMixUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	missions := []uuid.UUID{f.Escrow(), f.Escrow(), f.Escrow()}
	users := make([]uuid.UUID, 10)
	for i := range users {
		users[i] = f.User(2_000)
	}
	var shared []ledger.Bet
	for i := range 200 {
		shared = append(shared, storetest.Bet(missions[i%3], users[i%10], 150))
	}
	var wait sync.WaitGroup
	outcomes := make([][]ledger.Ruling, 4)
	for worker := range 4 {
		wait.Go(func() {
			for i := 0; i < len(shared); i += 20 {
				at := (i + worker*60) % len(shared)
				r, err := f.Hold(t.Context(), shared[at:at+20])
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
				outcomes[worker] = append(outcomes[worker], r...)
			}
		})
	}
	wait.Go(func() {
		if _, err := f.CloseEscrow(t.Context(), ledger.Closing{MissionID: missions[0], Ending: ledger.Failed, StreamerID: users[0], CreatorID: users[1], Title: "t"}); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	first := map[uuid.UUID]ledger.Outcome{}
	for _, rulings := range outcomes {
		for _, r := range rulings {
			if before, seen := first[r.BetID]; seen && before != r.Outcome {
				t.Errorf("bet %s: one instance said %q, the other %q", r.BetID, before, r.Outcome)
			}
			first[r.BetID] = r.Outcome
		}
	}
	if len(first) != len(shared) {
		t.Errorf("%d of %d bets have an outcome", len(first), len(shared))
	}
	f.MustSettle(missions[0], ledger.Failed, users[0], users[1], 3)
	f.CheckBooks()
}
