package growpot_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/functions/growpot"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

var errDown = errors.New("down")

// flakyBoard fails its first calls.
type flakyBoard struct {
	growpot.Board
	failures int
}

func (b *flakyBoard) Mission(ctx context.Context, id uuid.UUID) error {
	if b.failures > 0 {
		b.failures--
		return errDown
	}
	return b.Board.Mission(ctx, id)
}

func changed(id uuid.UUID, version int64) event.PotChanged {
	return event.NewPotChanged(storetest.Pot(id, version))
}

func declined(id uuid.UUID) event.StakeDeclined {
	return event.StakeDeclined{BetID: uuid.New(), MissionID: id, Reason: ledger.InsufficientCash}
}

func TestTheFirstPotStartsTheMissionAndIsShownAtOnce(t *testing.T) {
	t.Parallel()
	m, bus := storetest.NewMissions(t), &storetest.Bus{}
	id := m.Funding(true).ID
	step := growpot.New(m, m.Copy, bus, growpot.Pace)
	if err := step.Handle(t.Context(), changed(id, 1)); err != nil {
		t.Fatal(err)
	}
	last := m.LastOnBoard(id)
	if last.Kind != mission.WasAccepted || last.Mission.Pot != 1000 || !last.Mission.IsActive {
		t.Errorf("the board shows %s with %s, want it accepted with 1,000 won", last.Kind, last.Mission.Pot)
	}
	if published := storetest.Published[event.VerdictGiven](bus); len(published) != 0 {
		t.Errorf("published %v, want no verdict", published)
	}
}

func TestPotsThatComeFastAreShownOnceASecondTheLastOneWins(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	id := m.Active().ID
	before := m.Read(id).Revision
	step := growpot.New(m, m.Copy, &storetest.Bus{}, growpot.Pace)
	const messages = 200
	start := time.Now()
	var wg sync.WaitGroup
	for version := range int64(messages) {
		wg.Go(func() {
			if err := step.Handle(t.Context(), changed(id, version+2)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	writes, most := m.Read(id).Revision-before, int64(time.Since(start)/time.Second)+1
	if writes > most {
		t.Errorf("%d writes in %s, want at most %d", writes, time.Since(start), most)
	}
	if got, want := m.LastOnBoard(id).Mission.Pot, storetest.Pot(id, messages+1).Amount; got != want {
		t.Errorf("the board shows %s, want %s", got, want)
	}
}

func TestPotsInReverseOrderLeaveTheNewest(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	id := m.Funding(true).ID
	for _, version := range []int64{3, 2, 1} {
		// A separate step for each, as on another instance.
		if err := growpot.New(m, m.Copy, &storetest.Bus{}, growpot.Pace).Handle(t.Context(), changed(id, version)); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Read(id); got.PotVersion != 3 || got.Status != mission.Active {
		t.Errorf("the mission is %s with version %d, want active with 3", got.Status, got.PotVersion)
	}
	if got := m.LastOnBoard(id); got.Mission.Pot != 3000 {
		t.Errorf("the board shows %s, want 3,000 won", got.Mission.Pot)
	}
}

func TestRule13APotIsNotAckedBeforeTheBoardHasIt(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	id := m.Funding(true).ID
	board := &flakyBoard{Board: m.Copy, failures: 1}
	step := growpot.New(m, board, &storetest.Bus{}, growpot.Pace)
	if err := step.Handle(t.Context(), changed(id, 1)); !errors.Is(err, errDown) {
		t.Fatalf("a board that is down: error %v, want %v", err, errDown)
	}
	if got := m.OnBoard(id); len(got) != 0 {
		t.Fatalf("the board has %d events, want none yet", len(got))
	}
	// The redelivery finds nothing to change in the database, and still copies.
	if err := step.Handle(t.Context(), changed(id, 1)); err != nil {
		t.Fatal(err)
	}
	if got := m.LastOnBoard(id); got.Mission.Pot != 1000 {
		t.Errorf("the board shows %s after the redelivery, want 1,000 won", got.Mission.Pot)
	}
}

func TestRule12ADeclinedStakeEndsTheMission(t *testing.T) {
	t.Parallel()
	m, bus := storetest.NewMissions(t), &storetest.Bus{}
	id := m.Funding(true).ID
	step := growpot.New(m, m.Copy, bus, growpot.Pace)
	if err := step.Handle(t.Context(), declined(id)); err != nil {
		t.Fatal(err)
	}
	got := m.Read(id)
	if got.Status != mission.Unfunded {
		t.Fatalf("the mission is %s, want unfunded", got.Status)
	}
	if last := m.LastOnBoard(id); last.Kind != mission.WasUnfunded {
		t.Errorf("the board's last event is %s, want unfunded", last.Kind)
	}
	want := []event.VerdictGiven{{
		MissionID: id, Ending: ledger.Unfunded, StreamerID: got.StreamerID, CreatorID: got.CreatorID, Title: got.Title, DecidedAt: *got.DecidedAt,
	}}
	if diff := cmp.Diff(want, storetest.Published[event.VerdictGiven](bus)); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

func TestRule13AnUnfundedMissionIsPublishedAgainUntilItHasSettled(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	id := m.Funding(true).ID
	down := true
	bus := &storetest.Bus{Refuse: func([]event.Event) error {
		if down {
			return errDown
		}
		return nil
	}}
	step := growpot.New(m, m.Copy, bus, growpot.Pace)
	if err := step.Handle(t.Context(), declined(id)); !errors.Is(err, errDown) {
		t.Fatalf("a verdict that can't be published: error %v, want %v", err, errDown)
	}
	down = false
	for want := 1; want <= 2; want++ {
		if err := step.Handle(t.Context(), declined(id)); err != nil {
			t.Fatal(err)
		}
		if got := len(storetest.Published[event.VerdictGiven](bus)); got != want {
			t.Errorf("published %d times after %d redeliveries", got, want)
		}
	}
	if _, _, err := m.Settle(t.Context(), ledger.Settlement{Pot: ledger.Pot{MissionID: id}, Ending: ledger.Unfunded, SettledAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := step.Handle(t.Context(), declined(id)); err != nil {
		t.Fatal(err)
	}
	if got := len(storetest.Published[event.VerdictGiven](bus)); got != 2 {
		t.Errorf("published %d times, want no more once it has settled", got)
	}
}

func TestRule8ALatePotOfAnEndedMissionIsAckedAndChangesNothing(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	judged := m.Judged(mission.Fail)
	step := growpot.New(m, m.Copy, &storetest.Bus{}, growpot.Pace)
	if err := step.Handle(t.Context(), changed(judged.ID, 9)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(judged, m.Read(judged.ID)); diff != "" {
		t.Errorf("the mission changed (-want +got):\n%s", diff)
	}
}

func TestAMessageForAnotherStepIsMalformed(t *testing.T) {
	t.Parallel()
	step := growpot.New(nil, nil, nil, growpot.Pace)
	if err := step.Handle(t.Context(), event.Tick{At: time.Now()}); !errors.Is(err, event.ErrMalformed) {
		t.Errorf("error %v, want %v", err, event.ErrMalformed)
	}
}
