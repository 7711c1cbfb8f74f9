package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/batch"
)

// besidePerSecond is the load that a refund must not disturb.
const besidePerSecond = 5000

// beat is the interval of the steady load: it sends a few bets each time.
const beat = time.Millisecond

// redelivery is the wait before a bet that found the step's queue full comes again.
const redelivery = 10 * time.Millisecond

// arrivals is a load that does not wait for answers: each bet has a scheduled time, and its latency
// counts from that time, however late it was sent.
type arrivals struct {
	step     *holdbets.Step
	people   []person
	missions []uuid.UUID

	mu    sync.Mutex
	times []time.Duration
	err   error // the first one
}

// run sends bets until the context is done and waits for the answers.
func (a *arrivals) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	random := newRand(0)
	start := time.Now()
	for sent := 0; ; {
		due := int(time.Since(start).Seconds() * besidePerSecond)
		for ; sent < due; sent++ {
			planned := start.Add(time.Duration(sent) * time.Second / besidePerSecond)
			bet := a.bet(random)
			all.Go(func() { a.send(ctx, planned, bet) })
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(beat):
		}
	}
}

func (a *arrivals) bet(random *rand.Rand) ledger.Bet {
	return onAny(a.people, a.missions)(&caller{rand: random})
}

func (a *arrivals) send(ctx context.Context, planned time.Time, bet ledger.Bet) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second) // the step's own time
	defer cancel()
	err := a.step.Handle(ctx, event.NewBetPlaced(bet))
	for errors.Is(err, batch.ErrFull) && pause(ctx, redelivery) == nil {
		err = a.step.Handle(ctx, event.NewBetPlaced(bet))
	}
	took := time.Since(planned)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = append(a.times, took)
	if a.err == nil {
		a.err = err
	}
}

// p999 runs the load while it calls do, and returns the latency in milliseconds that one bet in a
// thousand exceeded.
func (a *arrivals) p999(ctx context.Context, warmup time.Duration, during func() error) (float64, error) {
	loaded, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); a.run(loaded) }()
	time.Sleep(warmup)
	a.mu.Lock()
	a.times = nil
	a.mu.Unlock()
	err := during()
	stop()
	<-done
	err = errors.Join(err, a.err)
	return float64(quantile(a.times, 0.999).Microseconds()) / 1000, err
}

func settleBeside() Experiment {
	const alone, beside = "bets alone", "bets beside a refund"
	return Experiment{
		Name:   "beside",
		Rounds: 5,
		Rows: []Row{{Name: "settle_beside", What: "p999 of 5,000 bets/s on other missions while a mission of 100,000 is refunded, against without", Unit: "ms",
			Value: beside, Baseline: []string{alone}, Less: true, Goal: Goal{AtMost: 2}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			k, err := openBackers(ctx, b, b.Scale.Contributors)
			if err != nil {
				return nil, err
			}
			missions := newIDs(100)
			if err := openEscrows(ctx, k.pool, missions); err != nil {
				return nil, err
			}
			step, err := openStep(ctx, b, k.pool.Config().ConnString())
			if err != nil {
				return nil, err
			}
			return []Subject{
				k.loaded(b, step, missions, alone, func(ctx context.Context, _ uuid.UUID) error { return pause(ctx, b.Scale.Steady/4) }),
				k.loaded(b, step, missions, beside, k.fail),
			}, nil
		},
	}
}

// loaded measures bets on some missions while something is done with another mission of the same
// contributors.
func (k *backers) loaded(b *Bench, step *holdbets.Step, missions []uuid.UUID, name string, do func(context.Context, uuid.UUID) error) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		mission, err := k.fund(ctx, len(k.people))
		if err != nil {
			return nil, err
		}
		if err := k.rest(ctx); err != nil {
			return nil, err
		}
		load := &arrivals{step: step, people: k.people, missions: missions}
		millis, err := load.p999(ctx, 2*b.Scale.Warmup, func() error { return do(ctx, mission) })
		if err != nil {
			return nil, fmt.Errorf("bets under load: %w", err)
		}
		return Figures{name: millis}, nil
	}}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
