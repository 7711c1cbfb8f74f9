package holdbets_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// following is a counting ledger that also remembers the follow-up writes.
type following struct {
	*counting
	mu     sync.Mutex
	marked []int64 // versions
	raised map[uuid.UUID]int
	writes int
	down   error
}

func newFollowing() *following {
	f := &following{counting: newCounting(), raised: map[uuid.UUID]int{}}
	close(f.open)
	return f
}

func (f *following) MarkPublished(_ context.Context, pots []ledger.Pot) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	for _, p := range pots {
		f.marked = append(f.marked, p.Version)
	}
	return f.down
}

func (f *following) RaiseStandings(_ context.Context, of []ledger.Contributor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range of {
		f.raised[c.UserID]++
	}
	return f.down
}

func handle(t *testing.T, step *holdbets.Step, mission, user uuid.UUID) {
	t.Helper()
	if err := step.Handle(t.Context(), event.NewBetPlaced(storetest.Bet(mission, user, 100))); err != nil {
		t.Fatal(err)
	}
}

func TestWhatFollowsAHotMissionIsWrittenOnceInTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFollowing()
		step := holdbets.New(l, &storetest.Bus{})
		mission, ana := uuid.New(), ofOneLane()
		handle(t, step, mission, ana)
		synctest.Wait()
		if len(l.marked) != 1 || l.raised[ana] != 1 {
			t.Fatalf("after the first bet %v is marked and Ana raised %d times, want both once and at once", l.marked, l.raised[ana])
		}
		for range 50 {
			handle(t, step, mission, ana)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(l.marked) != 2 || l.marked[1] != 51 || l.raised[ana] != 2 {
			t.Errorf("after 50 more, versions %v are marked and Ana raised %d times, want 1 and 51, and twice", l.marked, l.raised[ana])
		}
	})
}

func TestAUserWhoBetsWhileOthersAreRaisedIsRaisedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFollowing()
		step := holdbets.New(l, &storetest.Bus{})
		missions, users := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}, make([]uuid.UUID, 2_000)
		for i := range users {
			users[i] = uuid.New()
			handle(t, step, missions[i%len(missions)], users[i])
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for i, user := range users {
			if l.raised[user] != 1 {
				t.Fatalf("user %d was raised %d times, want once", i, l.raised[user])
			}
		}
	})
}

func TestADatabaseThatIsAwayIsNotAskedAgainForWhatCanWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newFollowing()
		l.down = errDown
		step := holdbets.New(l, &storetest.Bus{})
		handle(t, step, uuid.New(), ofOneLane())
		time.Sleep(time.Minute)
		synctest.Wait()
		if l.writes != 1 {
			t.Errorf("it was called %d times, want once because the sweep does the rest", l.writes)
		}
	})
}
