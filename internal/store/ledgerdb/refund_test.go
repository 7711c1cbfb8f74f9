package ledgerdb_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// failed makes a mission that failed, with contributors of 500 won each, by id,
// who have the given cash left.
func (f fixture) failed(contributors int, left ledger.Won) (mission uuid.UUID, users []uuid.UUID) {
	f.t.Helper()
	mission = f.Escrow()
	var bets []ledger.Bet
	for range contributors {
		users = append(users, f.User(500+left))
		bets = append(bets, storetest.Bet(mission, users[len(users)-1], 500))
	}
	f.MustHold(bets...)
	slices.SortFunc(users, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	closing := ledger.Closing{MissionID: mission, Ending: ledger.Failed, StreamerID: f.User(0), CreatorID: users[0], Title: "t"}
	if _, err := f.CloseEscrow(f.t.Context(), closing); err != nil {
		f.t.Fatal(err)
	}
	return mission, users
}

// The number of calls shows that chunks took the fast path: the exact path does
// one chunk per call, and would need nine calls with the final one.
func TestChunksAtOnceRefundEverybodyOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// A chunk that overtakes the one before is done again. On a busy machine that may
	// happen to most of one mission, but not to mission after mission.
	calls := math.MaxInt
	for try := 0; try < 10 && calls >= 9; try++ {
		mission, users := f.failed(21, 0)
		var s ledger.Settlement
		s, calls = f.MustSettleAtOnce(mission, ledger.Failed, f.User(0), users[0], 3, 4)
		if s.Refunded != 21*500 {
			t.Errorf("refunded %s, want 10,500 won", s.Refunded)
		}
		for _, u := range users {
			if got := f.Cash(u); got != 500 {
				t.Errorf("a contributor has %s, want 500 won", got)
			}
		}
	}
	if calls >= 9 {
		t.Errorf("refunds took %d calls, want 4, or a few more if a chunk overtook the one before", calls)
	}
	f.CheckBooks()
}

// Progress is a single place in the escrow. If a chunk can't be done, the
// chunks behind it must fail too, or contributors would be skipped.
func TestAChunkThatDoesNotFitFailsTheChunksBehindIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, users := f.failed(8, 0)
	// The third contributor already has the refund, so the second chunk of two
	// does not fit.
	f.Exec(`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after) VALUES ($1, 'refund', $2, $3, 500, 500)`,
		ledger.RefundID(mission, users[2]), users[2], mission)
	f.Exec(`UPDATE wallets SET cash = 500 WHERE user_id = $1`, users[2])
	f.Exec(`UPDATE escrows SET outflow = 500 WHERE mission_id = $1`, mission)
	if _, err := f.SettleChunks(t.Context(), mission, 2, 4); err != nil {
		t.Fatal(err)
	}
	for i, u := range users {
		want := ledger.Won(0)
		if i < 3 {
			want = 500
		}
		if got := f.Cash(u); got != want {
			t.Errorf("contributor %d has %s, want %s because only the chunk before the one that does not fit is done", i, got, want)
		}
	}
	if s, _ := f.MustSettleAtOnce(mission, ledger.Failed, f.User(0), users[0], 2, 4); s.Refunded != 8*500 {
		t.Errorf("refunded %s, want 4,000 won", s.Refunded)
	}
	f.CheckBooks()
}

// A batch may hold wallets of two chunks and wait for one that waits for
// another. No order of locks prevents this deadlock, so Postgres has to detect
// it.
func TestChunksAtOnceAndBetsWithTheSameWalletsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, users := f.failed(60, 1_000)
	other := f.Escrow()
	betting, stop := context.WithCancel(t.Context())
	var bettors sync.WaitGroup
	var held int
	bettors.Go(func() {
		for ; betting.Err() == nil && held < 500; held++ {
			bets := make([]ledger.Bet, len(users))
			for i, u := range users {
				bets[i] = storetest.Bet(other, u, 1)
			}
			if _, err := f.Hold(t.Context(), bets); err != nil {
				t.Errorf("hold beside a refund: %v", err)
				return
			}
		}
	})
	s, _ := f.MustSettleAtOnce(mission, ledger.Failed, f.User(0), users[0], 5, 3)
	stop()
	bettors.Wait()
	if s.Refunded != 60*500 {
		t.Errorf("refunded %s, want 30,000 won", s.Refunded)
	}
	for _, u := range users {
		if got, want := f.Cash(u), ledger.Won(1_500-held); got != want {
			t.Errorf("a contributor has %s, want %s", got, want)
		}
	}
	f.CheckBooks()
}
