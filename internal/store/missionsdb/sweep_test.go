package missionsdb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

func TestRule12EveryStateEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	funding, proposed, active := db.Funding(true), db.Funding(false), db.Active()
	if _, _, err := db.ApplyPot(t.Context(), storetest.Pot(proposed.ID, 1)); err != nil {
		t.Fatal(err)
	}
	want := map[uuid.UUID]mission.Status{
		funding.ID: mission.Unfunded, proposed.ID: mission.Expired, active.ID: mission.Expired,
	}
	for id := range want {
		db.PassDeadline(id)
	}
	expired, err := db.Expire(t.Context(), 10)
	if err != nil || len(expired) != len(want) {
		t.Fatalf("%d missions ended (error %v), want %d", len(expired), err, len(want))
	}
	for _, m := range expired {
		if m.Status != want[m.ID] || m.DecidedAt == nil {
			t.Errorf("a mission ended as %s at %v, want %s", m.Status, m.DecidedAt, want[m.ID])
		}
		events, err := db.Uncopied(t.Context(), m.ID)
		if err != nil || events[len(events)-1].Kind != mission.EventKind(m.Status) {
			t.Errorf("the last of %v (error %v) is not the event %s", events, err, m.Status)
		}
	}
	if again, err := db.Expire(t.Context(), 10); err != nil || len(again) != 0 {
		t.Errorf("%d missions ended twice (error %v), want none", len(again), err)
	}
}

func TestExpireTakesTheLongestOverdueFirstAndNoMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	first, second := db.Active(), db.Active()
	db.PassDeadline(first.ID)
	db.PassDeadline(second.ID)
	for _, want := range []uuid.UUID{first.ID, second.ID} {
		expired, err := db.Expire(t.Context(), 1)
		if err != nil || len(expired) != 1 || expired[0].ID != want {
			t.Fatalf("got %v (error %v), want %s alone", expired, err, want)
		}
	}
}

func TestSweepsAtOnceShareTheOverdueMissions(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	const overdue = 24
	for range overdue {
		db.PassDeadline(db.Active().ID)
	}
	var mu sync.Mutex
	times := map[uuid.UUID]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range overdue {
				expired, err := db.Expire(t.Context(), 3)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, m := range expired {
					times[m.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(times) != overdue {
		t.Errorf("%d missions ended, want %d", len(times), overdue)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("mission %s ended %d times, want once", id, n)
		}
	}
}

func TestExpireSkipsALockedMission(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	taken, free := db.Active(), db.Active()
	db.PassDeadline(taken.ID)
	db.PassDeadline(free.ID)
	tx, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `SELECT FROM missions WHERE id = $1 FOR UPDATE`, taken.ID); err != nil {
		t.Fatal(err)
	}
	for _, want := range []uuid.UUID{free.ID, taken.ID} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		expired, err := db.Expire(ctx, 10)
		cancel()
		if err != nil || len(expired) != 1 || expired[0].ID != want {
			t.Fatalf("ended %v (error %v), want %s alone, without waiting", expired, err, want)
		}
		if err := tx.Rollback(t.Context()); err != nil && want == free.ID {
			t.Fatal(err)
		}
	}
}

func TestRule17AVerdictWithoutASettlementIsRepeatedWithGrowingPauses(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Active()
	m, err := db.Act(t.Context(), m.ID, m.StreamerID, mission.Success)
	if err != nil {
		t.Fatal(err)
	}
	due := func() int {
		missions, err := db.Unsettled(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(missions)
	}
	if n := due(); n != 0 {
		t.Fatal("a new verdict is repeated at once, want it repeated after a minute")
	}
	for try, minutes := range []int{1, 2, 4, 8, 16, 32, 64, 64} {
		db.Exec(`UPDATE missions SET verdict_next_at = verdict_next_at - make_interval(mins => $1) + interval '5 seconds'`, minutes)
		if n := due(); n != 0 {
			t.Errorf("try %d: due before %d minutes, want after", try, minutes)
		}
		db.Exec(`UPDATE missions SET verdict_next_at = verdict_next_at - interval '10 seconds'`)
		if n := due(); n != 1 {
			t.Errorf("try %d: not due after %d minutes, want it to be", try, minutes)
		}
		if n := due(); n != 0 {
			t.Errorf("try %d: due twice at once, want once", try)
		}
	}
	if got := db.Read(m.ID); got.Revision != m.Revision {
		t.Errorf("repeating a verdict raised the revision from %d to %d, want it unchanged", m.Revision, got.Revision)
	}
	if _, _, err := db.Settle(t.Context(), settlement(m, storetest.Pot(m.ID, 1))); err != nil {
		t.Fatal(err)
	}
	db.Exec(`UPDATE missions SET verdict_next_at = verdict_next_at - interval '3 hours'`)
	if n := due(); n != 0 {
		t.Error("a settled mission's verdict is repeated, want no repetition")
	}
}
