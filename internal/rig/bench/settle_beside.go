package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/batch"
)

const (
	// besidePerSecond is the load that a refund must not disturb.
	besidePerSecond = 5000
	// stepTime is how long the step may take to answer a bet.
	stepTime = 20 * time.Second
	// redelivery is the wait before a bet that found the step's queue full comes again.
	redelivery = 10 * time.Millisecond
)

func settleBeside() Experiment {
	const alone, beside = "bets alone", "bets beside a refund"
	return Experiment{
		Name:   "beside",
		Rounds: 5,
		Rows: []Row{{Name: "settle_beside", What: "p999 of 5,000 bets/s on other missions while a mission of 100,000 is refunded, against without", Unit: "ms",
			Value: beside, Baseline: []string{alone}, Goal: Goal{AtMost: 2}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			k, err := openBackers(ctx, b, b.Scale.Contributors)
			if err != nil {
				return nil, err
			}
			missions := newIDs(100)
			if err := openEscrows(ctx, k.pool, missions); err != nil {
				return nil, err
			}
			step, err := openStep(ctx, b, k.dsn)
			if err != nil {
				return nil, err
			}
			bets := onAny(k.people, missions)
			return []Subject{
				k.loaded(b, step, bets, alone, func(ctx context.Context, _ uuid.UUID) error { return pause(ctx, b.Scale.Steady/4) }),
				k.loaded(b, step, bets, beside, k.fail),
			}, nil
		},
	}
}

// loaded measures bets while something is done with another mission of the same contributors.
func (k *backers) loaded(b *Bench, step *holdbets.Step, bets place, name string, do func(context.Context, uuid.UUID) error) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		mission, err := k.fund(ctx, len(k.people))
		if err != nil {
			return 0, err
		}
		if err := k.rest(ctx); err != nil {
			return 0, err
		}
		return p999(ctx, step, bets, 2*b.Scale.Warmup, func() error { return do(ctx, mission) })
	})
}

// p999 sends the load while it calls do, and returns the latency in milliseconds that one bet in a
// thousand exceeded. A bet's latency counts from the time it was due.
func p999(ctx context.Context, step *holdbets.Step, bets place, warmup time.Duration, do func() error) (millis float64, err error) {
	var mu sync.Mutex
	var times []time.Duration
	var failed error // the first one
	begin, c := time.Now().Add(warmup), newCaller(0)
	next := func() ledger.Bet {
		mu.Lock()
		defer mu.Unlock()
		return bets(c)
	}
	loaded, stop := context.WithCancel(ctx)
	defer stop()
	var load sync.WaitGroup
	load.Go(func() {
		steadily(loaded, besidePerSecond, func(_ int, due time.Time) {
			err := holdAgain(ctx, step, next())
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if due.After(begin) {
				times = append(times, took)
			}
			if failed == nil {
				failed = err
			}
		})
	})
	err = pause(ctx, warmup)
	if err == nil {
		err = do()
	}
	stop()
	load.Wait()
	return milliseconds(quantile(times, 0.999)), errors.Join(err, failed)
}

// holdAgain passes a bet to the step until its queue has room for it.
func holdAgain(ctx context.Context, step *holdbets.Step, bet ledger.Bet) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	for {
		err := step.Handle(ctx, event.NewBetPlaced(bet))
		if !errors.Is(err, batch.ErrFull) || pause(ctx, redelivery) != nil {
			return err
		}
	}
}
