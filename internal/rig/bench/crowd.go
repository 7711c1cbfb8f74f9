package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// caller is one of a crowd, with its own source of random numbers.
type caller struct {
	number int
	rand   *rand.Rand
}

// crowd runs callers at once, each calling again as soon as it is answered, and returns the calls
// per second that ended within a spell after the warm-up. The first error ends it.
func crowd(ctx context.Context, b *Bench, callers int, call func(context.Context, *caller) error) (perSecond float64, err error) {
	begin := time.Now().Add(b.Scale.Warmup)
	end := begin.Add(b.Scale.Spell)
	ctx, cancel := context.WithDeadlineCause(ctx, end.Add(time.Minute), errors.New("the crowd did not end"))
	defer cancel()
	counts, errs := make([]int, callers), make([]error, callers)
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			c := &caller{number: n, rand: newRand(n)}
			for {
				if errs[n] = call(ctx, c); errs[n] != nil {
					cancel()
					return
				}
				switch now := time.Now(); {
				case now.After(end):
					return
				case now.After(begin):
					counts[n]++
				}
			}
		})
	}
	all.Wait()
	done := 0
	for n := range callers {
		done += counts[n]
		if errs[n] != nil && !errors.Is(errs[n], context.Canceled) {
			return 0, errs[n]
		}
	}
	return float64(done) / b.Scale.Spell.Seconds(), nil
}

// newRand makes a source that gives a caller the same sequence in every run.
func newRand(n int) *rand.Rand { return rand.New(rand.NewPCG(uint64(n), 1)) }

// lone measures the median latency of one caller who waits for each answer, in microseconds.
func lone(ctx context.Context, b *Bench, call func(context.Context, *caller) error) (micros float64, err error) {
	c := &caller{rand: newRand(0)}
	var times []time.Duration
	begin := time.Now().Add(b.Scale.Warmup)
	end := begin.Add(b.Scale.Spell)
	for {
		called := time.Now()
		if called.After(end) {
			return float64(quantile(times, 0.5).Nanoseconds()) / 1000, nil
		}
		if err := call(ctx, c); err != nil {
			return 0, err
		}
		if called.After(begin) {
			times = append(times, time.Since(called))
		}
	}
}
