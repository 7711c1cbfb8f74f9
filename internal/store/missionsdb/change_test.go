package missionsdb_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

func settlement(m mission.Mission, p ledger.Pot) ledger.Settlement {
	ending, _ := m.Status.Ending()
	return ledger.Settlement{Pot: p, Ending: ending, Refunded: p.Amount, SettledAt: time.Now().UTC().Truncate(time.Microsecond)}
}

func TestTheFirstPotFundsAMission(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	for _, auto := range []bool{true, false} {
		m := db.Funding(auto)
		got, changed, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, 1))
		if err != nil || !changed {
			t.Fatalf("changed %v, error %v", changed, err)
		}
		want := m
		want.Pot, want.Contributors, want.PotVersion, want.Revision = 1000, 1, 1, 2
		want.Deadline = got.Deadline
		want.Status = mission.Proposed
		if auto {
			want.Status, want.AcceptedAt = mission.Active, got.AcceptedAt
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("auto_accept %v (-want +got):\n%s", auto, diff)
		}
	}
}

func TestRule12EveryUndecidedStateHasItsDeadline(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	near := func(what string, got time.Time, want time.Duration) {
		t.Helper()
		if left := time.Until(got); left < want-time.Minute || left > want+time.Minute {
			t.Errorf("%s: %s are left, want about %s", what, left, want)
		}
	}
	m := db.Funding(false)
	near("funding", m.Deadline, 15*time.Minute)
	m, _, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, 1))
	if err != nil {
		t.Fatal(err)
	}
	near("proposed", m.Deadline, m.Terms.Acceptance)
	m, err = db.Act(t.Context(), m.ID, m.StreamerID, mission.Accept)
	if err != nil {
		t.Fatal(err)
	}
	near("active", m.Deadline, m.TimeLimit)
	if want := m.AcceptedAt.Add(m.TimeLimit); !m.Deadline.Equal(want) {
		t.Errorf("the deadline is %s, want the time limit from acceptance, %s", m.Deadline, want)
	}
	deadline := m.Deadline
	if m, _, err = db.ApplyPot(t.Context(), storetest.Pot(m.ID, 2)); err != nil || !m.Deadline.Equal(deadline) {
		t.Errorf("a bet moved the deadline from %s to %s (error %v), want it where it was", deadline, m.Deadline, err)
	}
}

func TestOnlyTheStreamerJudgesAndOnlyTheCreatorWithdraws(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	for _, user := range []uuid.UUID{m.CreatorID, newID()} {
		for _, a := range []mission.Action{mission.Accept, mission.Reject, mission.Success, mission.Fail} {
			if _, err := db.Act(t.Context(), m.ID, user, a); !errors.Is(err, fault.NotStreamer) {
				t.Errorf("%s by another user: error %v, want %v", a, err, fault.NotStreamer)
			}
		}
	}
	for _, user := range []uuid.UUID{m.StreamerID, newID()} {
		if _, err := db.Act(t.Context(), m.ID, user, mission.Withdraw); !errors.Is(err, fault.NotCreator) {
			t.Errorf("withdrawn by another user: error %v, want %v", err, fault.NotCreator)
		}
	}
	if _, err := db.Act(t.Context(), m.ID, m.StreamerID, mission.TimeOut); err == nil {
		t.Error("the streamer could time a mission out, want an error")
	}
	if got := db.Read(m.ID); got.Status != mission.Active || got.Revision != m.Revision {
		t.Errorf("the mission is %s at revision %d, want it untouched at %d", got.Status, got.Revision, m.Revision)
	}
}

func TestOfAnAcceptanceAndAWithdrawalAtOnceOneWins(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Funding(false)
	if _, _, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, 1)); err != nil {
		t.Fatal(err)
	}
	errs := map[mission.Action]error{mission.Accept: nil, mission.Withdraw: nil}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for a, user := range map[mission.Action]uuid.UUID{mission.Accept: m.StreamerID, mission.Withdraw: m.CreatorID} {
		wg.Go(func() {
			_, err := db.Act(t.Context(), m.ID, user, a)
			mu.Lock()
			defer mu.Unlock()
			errs[a] = err
		})
	}
	wg.Wait()
	if (errs[mission.Accept] == nil) == (errs[mission.Withdraw] == nil) {
		t.Errorf("accepting gave %v and withdrawing %v, want exactly one to win", errs[mission.Accept], errs[mission.Withdraw])
	}
	got := db.Read(m.ID)
	if want := map[bool]mission.Status{true: mission.Active, false: mission.Withdrawn}[errs[mission.Accept] == nil]; got.Status != want || got.Revision != m.Revision+2 {
		t.Errorf("the mission is %s at revision %d, want %s at %d", got.Status, got.Revision, want, m.Revision+2)
	}
}

func TestRule4AVerdictNeedsTheDeadlineAheadAndExpiryNeedsItPassed(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	if expired, err := db.Expire(t.Context(), 10); err != nil || len(expired) != 0 {
		t.Fatalf("expired %d missions before their deadline (error %v), want none", len(expired), err)
	}
	db.PassDeadline(m.ID)
	for _, a := range []mission.Action{mission.Success, mission.Fail} {
		if _, err := db.Act(t.Context(), m.ID, m.StreamerID, a); !errors.Is(err, fault.NotActive) {
			t.Errorf("%s after the deadline: error %v, want %v", a, err, fault.NotActive)
		}
	}
	expired, err := db.Expire(t.Context(), 10)
	if err != nil || len(expired) != 1 || expired[0].ID != m.ID || expired[0].Status != mission.Expired {
		t.Fatalf("expired %v (error %v), want the overdue mission", expired, err)
	}
	if got := expired[0]; got.DecidedAt == nil || got.DecidedAt.Before(got.Deadline) {
		t.Errorf("decided at %v, want a time after the deadline %s", got.DecidedAt, got.Deadline)
	}
}

func TestOfTwentyVerdictsAtOnceOneKindWinsAndIsWrittenOnce(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	var mu sync.Mutex
	var won []mission.Mission
	var wg sync.WaitGroup
	for i := range 20 {
		action := mission.Success
		if i%2 == 0 {
			action = mission.Fail
		}
		wg.Go(func() {
			got, err := db.Act(t.Context(), m.ID, m.StreamerID, action)
			if errors.Is(err, fault.NotActive) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			won = append(won, got)
		})
	}
	wg.Wait()
	if len(won) != 10 {
		t.Fatalf("%d of 20 verdicts were taken, want the ten of one kind", len(won))
	}
	stored := db.Read(m.ID)
	if stored.Revision != m.Revision+1 {
		t.Errorf("the mission is at revision %d, want %d: one verdict is written", stored.Revision, m.Revision+1)
	}
	for _, got := range won {
		if diff := cmp.Diff(stored, got); diff != "" {
			t.Errorf("a verdict returned (-stored +got):\n%s", diff)
		}
	}
}

func TestAnOlderOrRepeatedPotChangesNothing(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	m, _, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, 5))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int64{5, 4, 1} {
		got, changed, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, version))
		if err != nil || changed {
			t.Errorf("version %d over 5: changed %v, error %v; want nothing", version, changed, err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("version %d over 5 (-want +got):\n%s", version, diff)
		}
	}
}

func TestAnEmptyPotDoesNotFund(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Funding(true)
	got, changed, err := db.ApplyPot(t.Context(), ledger.Pot{MissionID: m.ID, Version: 1})
	if err != nil || changed || got.Status != mission.Funding {
		t.Errorf("the mission is %s, changed %v, error %v; want it to wait for its stake", got.Status, changed, err)
	}
}

func TestRule8ALatePotNeverRevivesADecidedMission(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	unfunded := db.Funding(true)
	unfunded, changed, err := db.Unfund(t.Context(), unfunded.ID)
	if err != nil || !changed || unfunded.Status != mission.Unfunded {
		t.Fatalf("unfund: %s, changed %v, error %v", unfunded.Status, changed, err)
	}
	failed := db.Active()
	if failed, err = db.Act(t.Context(), failed.ID, failed.StreamerID, mission.Fail); err != nil {
		t.Fatal(err)
	}
	for _, m := range []mission.Mission{unfunded, failed} {
		got, changed, err := db.ApplyPot(t.Context(), storetest.Pot(m.ID, 9))
		if err != nil || changed {
			t.Errorf("a pot after %s: changed %v, error %v; want nothing", m.Status, changed, err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("a pot after %s (-want +got):\n%s", m.Status, diff)
		}
	}
}

func TestRule9TheSettlementBringsTheFinalFigures(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	m, err := db.Act(t.Context(), m.ID, m.StreamerID, mission.Success)
	if err != nil {
		t.Fatal(err)
	}
	final := settlement(m, storetest.Pot(m.ID, 7))
	got, changed, err := db.Settle(t.Context(), final)
	if err != nil || !changed {
		t.Fatalf("changed %v, error %v", changed, err)
	}
	want := m
	want.Pot, want.Contributors, want.PotVersion = final.Pot.Amount, final.Contributors, 7
	want.SettledAt, want.Revision = &final.SettledAt, m.Revision+1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	final.SettledAt = final.SettledAt.Add(time.Second)
	again, changed, err := db.Settle(t.Context(), final)
	if err != nil || changed {
		t.Errorf("settled twice: changed %v, error %v; want nothing", changed, err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("settled twice (-first +second):\n%s", diff)
	}
}

func TestASettlementOfAnotherEndingIsAnError(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	undecided := db.Active()
	s := settlement(undecided, storetest.Pot(undecided.ID, 2))
	s.Ending = ledger.Failed
	if _, _, err := db.Settle(t.Context(), s); err == nil {
		t.Error("an undecided mission was settled, want an error")
	}
	if _, err := db.Act(t.Context(), undecided.ID, undecided.StreamerID, mission.Success); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Settle(t.Context(), s); err == nil {
		t.Error("a succeeded mission was settled as failed, want an error")
	}
	if got := db.Read(undecided.ID); got.SettledAt != nil || got.Pot != undecided.Pot {
		t.Errorf("the mission was changed to %+v by the settlement of another ending", got)
	}
}

func TestRule14EveryRevisionHasOneEventWithTheMissionRightAfter(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Funding(false)
	history := []mission.Mission{m}
	step := func(m mission.Mission, _ bool, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, m)
	}
	act := func(a mission.Action) {
		t.Helper()
		m, err := db.Act(t.Context(), m.ID, m.StreamerID, a)
		step(m, true, err)
	}
	step(db.ApplyPot(t.Context(), storetest.Pot(m.ID, 1)))
	act(mission.Accept)
	step(db.ApplyPot(t.Context(), storetest.Pot(m.ID, 2)))
	act(mission.Fail)
	step(db.Settle(t.Context(), settlement(history[4], storetest.Pot(m.ID, 3))))
	kinds := []mission.EventKind{
		mission.WasCreated, mission.WasProposed, mission.WasAccepted, mission.PotChanged, mission.WasFailed, mission.WasSettled,
	}
	events, err := db.Uncopied(t.Context(), m.ID)
	if err != nil || len(events) != len(history) {
		t.Fatalf("got %d events (error %v), want %d", len(events), err, len(history))
	}
	for i, e := range events {
		want := mission.Event{Revision: int64(i + 1), Kind: kinds[i], Mission: history[i].Snapshot(), At: e.At}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i+1, diff)
		}
		if e.At.IsZero() {
			t.Errorf("event %d has no time", i+1)
		}
	}
}

func TestRule14AChangeWithoutItsEventIsNoChange(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	db.Exec(`ALTER TABLE mission_events ADD CONSTRAINT broken CHECK (kind <> 'succeeded')`)
	if _, err := db.Act(t.Context(), m.ID, m.StreamerID, mission.Success); err == nil {
		t.Fatal("a verdict whose event could not be written succeeded, want an error")
	}
	if got := db.Read(m.ID); got.Status != mission.Active || got.Revision != m.Revision {
		t.Errorf("the mission is %s at revision %d, want it still active at %d", got.Status, got.Revision, m.Revision)
	}
}

func TestCopiedEventsAreNotListedAgain(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	if err := db.MarkCopied(t.Context(), m.ID, 1); err != nil {
		t.Fatal(err)
	}
	events, err := db.Uncopied(t.Context(), m.ID)
	if err != nil || len(events) != 1 || events[0].Revision != 2 {
		t.Fatalf("uncopied after revision 1: %v (error %v), want revision 2 alone", events, err)
	}
	waiting := func() []uuid.UUID {
		ids, err := db.UncopiedMissions(t.Context(), time.Minute, 10)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if ids := waiting(); len(ids) != 0 {
		t.Errorf("an event just written waits to be swept, want it left to its writer")
	}
	db.Exec(`UPDATE mission_events SET created_at = created_at - interval '2 minutes'`)
	if ids := waiting(); len(ids) != 1 || ids[0] != m.ID {
		t.Errorf("the sweep finds %v, want %s", ids, m.ID)
	}
	if err := db.MarkCopied(t.Context(), m.ID, 2); err != nil {
		t.Fatal(err)
	}
	if ids := waiting(); len(ids) != 0 {
		t.Errorf("the sweep finds %v after all was copied, want nothing", ids)
	}
}
