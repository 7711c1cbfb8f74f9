package holdbets_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

var errDown = errors.New("down")

func TestABetIsHeldAndItsPotIsPublished(t *testing.T) {
	t.Parallel()
	l, bus := storetest.NewUsers(t), &storetest.Bus{}
	user := l.User(1000)
	mission := l.Mission(l.User(500), 500)
	step := holdbets.New(l, bus)
	if err := step.Handle(t.Context(), event.NewBetPlaced(storetest.Bet(mission, user, 300))); err != nil {
		t.Fatal(err)
	}
	if got := l.Cash(user); got != 700 {
		t.Errorf("the wallet has %d, want 700", got)
	}
	want := []event.PotChanged{{MissionID: mission, Amount: 800, Contributors: 2, Version: 2}}
	if diff := cmp.Diff(want, storetest.Published[event.PotChanged](bus)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	l.Await(2, `SELECT published_version FROM escrows WHERE mission_id = $1`, mission)
	l.Await(300, `SELECT amount FROM standings WHERE mission_id = $1 AND user_id = $2`, mission, user)
}

func TestRule12ADeclinedBetIsAnOutcomeAndEndsNoMission(t *testing.T) {
	t.Parallel()
	l, bus := storetest.NewUsers(t), &storetest.Bus{}
	mission := l.Mission(l.User(500), 500)
	bet := storetest.Bet(mission, l.User(100), 300)
	if err := holdbets.New(l, bus).Handle(t.Context(), event.NewBetPlaced(bet)); err != nil {
		t.Fatalf("a refusal came back as an error: %v", err)
	}
	if got := statusOf(t, l, bet.ID); got.Status != "declined" || got.Reason != ledger.InsufficientCash {
		t.Errorf("the bet is %s (%s), want declined (insufficient_cash)", got.Status, got.Reason)
	}
	if published := storetest.Published[event.StakeDeclined](bus); len(published) != 0 {
		t.Errorf("published %v, want nothing because only a stake's decline decides a mission", published)
	}
}

func TestRule4ABetLoggedAfterItsDeadlineIsDeclined(t *testing.T) {
	t.Parallel()
	l := storetest.NewUsers(t)
	mission := l.Mission(l.User(500), 500)
	user := l.User(1000)
	for name, late := range map[string]time.Duration{"at the deadline": 0, "after it": time.Second} {
		bet := storetest.Bet(mission, user, 300)
		bet.Deadline = bet.LoggedAt.Add(-late)
		if err := holdbets.New(l, &storetest.Bus{}).Handle(t.Context(), event.NewBetPlaced(bet)); err != nil {
			t.Fatal(err)
		}
		if got := statusOf(t, l, bet.ID); got.Reason != ledger.TooLate {
			t.Errorf("%s: the bet is %s (%s), want declined (too_late)", name, got.Status, got.Reason)
		}
	}
}

// The step is killed after its commit and before it publishes: the redelivery publishes.
func TestRule9ARedeliveryPublishesThePotAgain(t *testing.T) {
	t.Parallel()
	l, bus := storetest.NewUsers(t), &storetest.Bus{}
	mission := l.Mission(l.User(500), 500)
	user := l.User(1000)
	placed := event.NewBetPlaced(storetest.Bet(mission, user, 300))

	broken := holdbets.New(l, &storetest.Bus{Refuse: func([]event.Event) error { return errDown }})
	if err := broken.Handle(t.Context(), placed); !errors.Is(err, errDown) {
		t.Fatalf("the error is %v, want the bus's: an unpublished outcome was acked", err)
	}
	if got := l.Inflow(mission); got != 800 {
		t.Fatalf("the escrow took in %d, want 800 because the commit comes before the publish", got)
	}
	if err := holdbets.New(l, bus).Handle(t.Context(), placed); err != nil {
		t.Fatal(err)
	}
	want := []event.PotChanged{{MissionID: mission, Amount: 800, Contributors: 2, Version: 2}}
	if diff := cmp.Diff(want, storetest.Published[event.PotChanged](bus)); diff != "" {
		t.Errorf("the redelivery published (-want +got):\n%s", diff)
	}
	if l.Inflow(mission) != 800 || l.Cash(user) != 700 {
		t.Errorf("the redelivery moved cash: inflow %d, wallet %d", l.Inflow(mission), l.Cash(user))
	}
}

func TestRule9ADeclinedStakeIsPublishedAtEveryDelivery(t *testing.T) {
	t.Parallel()
	l, bus := storetest.NewUsers(t), &storetest.Bus{}
	stake := storetest.Bet(uuid.Must(uuid.NewV7()), l.User(100), 500)
	stake.Stake = true
	for range 2 {
		if err := holdbets.New(l, bus).Handle(t.Context(), event.NewBetPlaced(stake)); err != nil {
			t.Fatal(err)
		}
	}
	declined := event.StakeDeclined{BetID: stake.ID, MissionID: stake.MissionID, Reason: ledger.InsufficientCash}
	if diff := cmp.Diff([]event.StakeDeclined{declined, declined}, storetest.Published[event.StakeDeclined](bus)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if published := storetest.Published[event.PotChanged](bus); len(published) != 0 {
		t.Errorf("published a pot of an escrow that never took in anything: %v", published)
	}
}

// The mark is written later. Without it the sweep publishes the pot once more,
// so no bet need wait for the mark.
func TestRule9APotThatIsPublishedAndNotMarkedIsLeftToTheSweep(t *testing.T) {
	t.Parallel()
	l, bus := storetest.NewUsers(t), &storetest.Bus{}
	mission := l.Mission(l.User(500), 500)
	step := holdbets.New(unmarkable{l}, bus)
	if err := step.Handle(t.Context(), event.NewBetPlaced(storetest.Bet(mission, l.User(1000), 300))); err != nil {
		t.Errorf("the error is %v, want nil because the bet is held and its pot published", err)
	}
	if published := storetest.Published[event.PotChanged](bus); len(published) != 1 {
		t.Errorf("published %v, want the pot", published)
	}
	behind, err := l.UnpublishedPots(t.Context(), 0, 10)
	if err != nil || len(behind) != 1 || behind[0].Version != 2 {
		t.Errorf("the sweep finds %v (%v), want the pot of version 2", behind, err)
	}
}

type unmarkable struct{ storetest.Users }

func (unmarkable) MarkPublished(context.Context, []ledger.Pot) error { return errDown }

func TestTheSameIdWithOtherContentsIsPoison(t *testing.T) {
	t.Parallel()
	l := storetest.NewUsers(t)
	mission := l.Mission(l.User(500), 500)
	user := l.User(1000)
	step := holdbets.New(l, &storetest.Bus{})
	bet := storetest.Bet(mission, user, 300)
	if err := step.Handle(t.Context(), event.NewBetPlaced(bet)); err != nil {
		t.Fatal(err)
	}
	bet.Amount = 400
	if err := step.Handle(t.Context(), event.NewBetPlaced(bet)); !errors.Is(err, ledger.ErrPoison) {
		t.Errorf("the error is %v, want poison", err)
	}
	if got := l.Cash(user); got != 700 {
		t.Errorf("the wallet has %d, want 700", got)
	}
}

// While one batch is being published, the next one must be able to commit.
func TestTheNextBatchCommitsWhileTheFormerIsPublished(t *testing.T) {
	t.Parallel()
	l := storetest.NewUsers(t)
	mission := l.Mission(l.User(500), 500)
	first, second := storetest.Bet(mission, l.User(100), 100), storetest.Bet(mission, l.User(100), 100)
	publishing, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	bus := &storetest.Bus{Refuse: func([]event.Event) error {
		once.Do(func() { close(publishing) })
		<-goOn
		return nil
	}}
	step := holdbets.New(l, bus)
	var both errgroup.Group
	both.Go(func() error { return step.Handle(t.Context(), event.NewBetPlaced(first)) })
	<-publishing
	both.Go(func() error { return step.Handle(t.Context(), event.NewBetPlaced(second)) })
	for deadline := time.Now().Add(time.Minute); l.Inflow(mission) != 700; {
		if time.Now().After(deadline) {
			t.Error("the second bet was not held while the first one's pot was being published")
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(goOn)
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherStepsEventIsMalformed(t *testing.T) {
	t.Parallel()
	err := holdbets.New(nil, nil).Handle(t.Context(), event.Tick{})
	if !errors.Is(err, event.ErrMalformed) {
		t.Errorf("the error is %v, want malformed", err)
	}
}

func statusOf(t *testing.T, l storetest.Users, bet uuid.UUID) ledger.BetStatus {
	t.Helper()
	statuses, err := l.BetStatuses(t.Context(), []uuid.UUID{bet})
	if err != nil {
		t.Fatal(err)
	}
	return statuses[bet]
}
