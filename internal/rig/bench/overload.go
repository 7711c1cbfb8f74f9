package bench

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	// overloadTimes is how many times its capacity is offered to the system.
	overloadTimes = 5
	// overloadClients is more than the calls that an instance takes at once.
	overloadClients = 3000
	// paceClients are enough to find the API's own pace.
	paceClients = 64
)

// overload sends the API more than it can do. It is not part of the usual run, because its rows
// compare with nothing; a test checks that every rejected bet may come again and every accepted one
// is decided.
func overload() Experiment {
	const capacity, given, accepted, memory = "capacity", "given", "accepted", "memory"
	return Experiment{
		Name: "overload", Apart: true, Rounds: 1,
		Rows: []Row{
			{Name: "overload_offered", What: "bets offered, against what the API takes at its own pace: five times as many", Unit: "bets/s", Value: given, Baseline: []string{capacity}},
			{Name: "overload_accepted", What: "bets accepted meanwhile, against the same", Unit: "bets/s", Value: accepted, Baseline: []string{capacity}},
			{Name: "overload_memory", What: "the API's resident memory at its highest", Unit: "MiB", Value: memory},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 2000, 8)
			if err != nil {
				return nil, err
			}
			return []Subject{{Name: "five times the capacity", Measure: func(ctx context.Context) (Figures, error) {
				// Emulators are slow at first, so the first measurement would understate the capacity.
				s.offer(ctx, paceClients, 0, b.Scale.Steady)
				_, able := s.offer(ctx, paceClients, 0, b.Scale.Steady)
				offered, taken := s.offer(ctx, overloadClients, overloadTimes*able, 6*b.Scale.Steady)
				used, err := usageOf(s.API.Process().PID())
				return Figures{capacity: able, given: offered, accepted: taken, memory: float64(used.peak) / (1 << 20)}, err
			}}}, ctx.Err()
		},
	}
}

// offer makes clients bet for a spell, together so many times a second; 0 means as fast as each is
// answered. It returns the bets per second that were sent and accepted.
func (s *system) offer(ctx context.Context, clients int, perSecond float64, spell time.Duration) (sent, accepted float64) {
	var all, taken atomic.Int64
	began := time.Now()
	ends := began.Add(spell)
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if perSecond > 0 {
					due := time.Duration(float64(i*clients+n) / perSecond * float64(time.Second))
					_ = pause(ctx, time.Until(began.Add(due)))
				}
				if time.Now().After(ends) {
					return
				}
				status, _, _ := s.postBet(ctx, n%len(s.tokens), s.missions[n%len(s.missions)], uuid.NewString()) // an error is no answer
				all.Add(1)
				if status == http.StatusAccepted {
					taken.Add(1)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(began).Seconds()
	return float64(all.Load()) / took, float64(taken.Load()) / took
}
