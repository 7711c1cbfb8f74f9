package ledgerdb_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/batch"
	"example.com/missionpot/internal/rig/storetest"
)

// BenchmarkHoldOneHotMission measures the most difficult load: a thousand
// callers at once bet on one mission. It reports the cost of a bet, group
// commit included.
func BenchmarkHoldOneHotMission(b *testing.B) {
	f := newFixture(b)
	mission := f.Escrow()
	users := make([]uuid.UUID, 2_000)
	for i := range users {
		users[i] = f.User(1_000_000_000)
	}
	f.Exec(`VACUUM ANALYZE`)
	group := batch.New(f.Hold, batch.Options{Max: 1_000})
	var next atomic.Int64
	b.ResetTimer()
	var callers sync.WaitGroup
	for range 1_000 {
		callers.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				r, err := group.Do(context.Background(), storetest.Bet(mission, users[n%int64(len(users))], 100))
				if err != nil || r.Outcome != ledger.Held {
					b.Errorf("bet %d: %q (%v)", n, r.Outcome, err)
					return
				}
			}
		})
	}
	callers.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bets/s")
}
