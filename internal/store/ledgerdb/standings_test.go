package ledgerdb_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func TestAStandingIsRaisedToWhatWasPutInAndNeverFalls(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana, ben := f.Escrow(), f.User(10_000), f.User(10_000)
	ranking := func() (amounts []ledger.Won) {
		page, err := f.Ranking(t.Context(), mission, ledger.Standing{Amount: math.MaxInt64}, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page {
			amounts = append(amounts, s.Amount)
		}
		return amounts
	}
	raise := func(of ...ledger.Contributor) {
		if err := f.RaiseStandings(t.Context(), of); err != nil {
			t.Fatal(err)
		}
	}
	f.MustHold(storetest.Bet(mission, ana, 300), storetest.Bet(mission, ben, 500))
	raise(ledger.Contributor{MissionID: mission, UserID: ana})
	if diff := cmp.Diff([]ledger.Won{300}, ranking()); diff != "" {
		t.Errorf("after Ana was raised (-want +got):\n%s", diff)
	}
	f.MustHold(storetest.Bet(mission, ana, 400))
	var both sync.WaitGroup
	for range 8 { // in whatever order they come
		both.Go(func() {
			raise(ledger.Contributor{MissionID: mission, UserID: ben}, ledger.Contributor{MissionID: mission, UserID: ana})
		})
	}
	both.Wait()
	if diff := cmp.Diff([]ledger.Won{700, 500}, ranking()); diff != "" {
		t.Errorf("after both were raised (-want +got):\n%s", diff)
	}
	f.Exec(`UPDATE standings SET amount = 900 WHERE user_id = $1`, ana) // as if a later write had come first
	raise(ledger.Contributor{MissionID: mission, UserID: ana})
	if diff := cmp.Diff([]ledger.Won{900, 500}, ranking()); diff != "" {
		t.Errorf("after an older figure (-want +got):\n%s", diff)
	}
}

func TestTheSweepRanksUsersLeftOutOnceAMissionIsQuiet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	quiet, busy := f.Escrow(), f.Escrow()
	f.MustHold(storetest.Bet(quiet, f.User(1_000), 300), storetest.Bet(busy, f.User(1_000), 200))
	f.Exec(`UPDATE escrows SET changed_at = clock_timestamp() - interval '1 minute' WHERE mission_id = $1`, quiet)
	if err := f.CatchUpStandings(t.Context(), 30*time.Second, 10); err != nil {
		t.Fatal(err)
	}
	if n := f.Figure(`SELECT count(*) FROM standings WHERE mission_id = $1 AND amount = 300`, quiet); n != 1 {
		t.Errorf("the quiet mission has %d standings, want 1", n)
	}
	if n := f.Figure(`SELECT count(*) FROM standings WHERE mission_id = $1`, busy); n != 0 {
		t.Errorf("the busy mission has %d standings, want none yet", n)
	}
	if n := f.Figure(`SELECT count(*) FROM escrows WHERE version > ranked_version`); n != 1 {
		t.Errorf("%d missions count as lagging, want the busy one", n)
	}
}
