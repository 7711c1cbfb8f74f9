package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/ledger"
)

// caller is one of a crowd, with its own source of random numbers.
type caller struct {
	number int
	rand   *rand.Rand
	last   ledger.Bet // see againSometimes
}

// newCaller makes a caller with the same sequence of random numbers in every run.
func newCaller(number int) *caller {
	return &caller{number: number, rand: rand.New(rand.NewPCG(uint64(number), 1))}
}

// call is what a caller does again and again.
type call func(context.Context, *caller) error

// crowd runs callers at once, each calling again as soon as it is answered. It returns the calls per
// second that ended within a spell after the warm-up, and how many ended at all. The first error
// ends it.
func crowd(ctx context.Context, s Scale, callers int, do call) (perSecond, calls float64, err error) {
	begin := time.Now().Add(s.Warmup)
	end := begin.Add(s.Spell)
	ctx, cancel := context.WithDeadlineCause(ctx, end.Add(time.Minute), errors.New("the crowd did not end"))
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	var all, counted atomic.Int64
	for n := range callers {
		group.Go(func() error {
			c := newCaller(n)
			for {
				if err := do(ctx, c); err != nil {
					return err
				}
				all.Add(1)
				switch now := time.Now(); {
				case now.After(end):
					return nil
				case now.After(begin):
					counted.Add(1)
				}
			}
		})
	}
	err = group.Wait()
	return float64(counted.Load()) / s.Spell.Seconds(), float64(all.Load()), err
}

// throughput is a subject whose figure is a crowd's calls per second.
func throughput(name string, s Scale, callers int, do call) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		perSecond, _, err := crowd(ctx, s, callers, do)
		return perSecond, err
	})
}

// lone measures the median latency of one caller who waits for each answer, in microseconds.
func lone(ctx context.Context, s Scale, do call) (micros float64, err error) {
	c := newCaller(0)
	var times []time.Duration
	begin := time.Now().Add(s.Warmup)
	end := begin.Add(s.Spell)
	for {
		called := time.Now()
		if called.After(end) {
			return milliseconds(quantile(times, 0.5)) * 1000, nil
		}
		if err := do(ctx, c); err != nil {
			return 0, err
		}
		if called.After(begin) {
			times = append(times, time.Since(called))
		}
	}
}

// steadily calls at a steady rate until ctx is done, without waiting for answers, and returns when
// all calls have. Each call has a number and the time it was due, however late it is made.
func steadily(ctx context.Context, perSecond int, do func(n int, due time.Time)) {
	const beat = time.Millisecond // several calls may be due at a beat
	var all sync.WaitGroup
	defer all.Wait()
	start := time.Now()
	for n := 0; ; {
		for due := start; ; n++ {
			if due = start.Add(time.Duration(n) * time.Second / time.Duration(perSecond)); due.After(time.Now()) {
				break
			}
			all.Go(func() { do(n, due) })
		}
		if pause(ctx, beat) != nil {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// place makes the bet that a caller places now.
type place func(c *caller) ledger.Bet

// onAny bets on one of some missions, with one of some people, at random.
func onAny(people []person, missions []uuid.UUID) place {
	return func(c *caller) ledger.Bet {
		return newBet(missions[c.rand.IntN(len(missions))], people[c.rand.IntN(len(people))])
	}
}

// newBet makes a bet with an id like those of the log: it begins as the mission's does, and the
// rest is in no order.
func newBet(mission uuid.UUID, by person) ledger.Bet {
	id, now := uuid.New(), time.Now()
	copy(id[:6], mission[:6])
	id[6] = id[6]&0x0f | 0x80
	return ledger.Bet{ID: id, MissionID: mission, UserID: by.id, Amount: betAmount, LoggedAt: now, Deadline: now.Add(time.Hour)}
}

// againSometimes redelivers a caller's last bet in one of ten calls.
func againSometimes(next place) place {
	return func(c *caller) ledger.Bet {
		if c.last.ID == uuid.Nil || c.rand.IntN(10) != 0 {
			c.last = next(c)
		}
		return c.last
	}
}
