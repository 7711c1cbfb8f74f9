package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

const (
	// connecting is how many watchers connect at once: fewer than a listener's backlog holds.
	connecting = 64
	// potChanges is how many changes a round sends; the median counts.
	potChanges = 3
	// betweenChanges is longer than the shortest interval between two writes of a mission's live
	// document, so that no change waits for the one before.
	betweenChanges = 1200 * time.Millisecond
	// fanoutTime bounds the wait for all watchers.
	fanoutTime = 2 * time.Minute
	// spareFiles are the files that a process has open apart from its watchers.
	spareFiles = 500
)

func sseFanout() Experiment {
	const last, each = "last watcher", "memory of a watcher"
	return Experiment{
		Name: "fanout",
		Rows: []Row{
			{Name: "sse_fanout", What: "a change of the pot sent to the last of all watchers of one instance", Unit: "ms", Value: last, Goal: Goal{AtMost: 1000}},
			{Name: "sse_memory", What: "what the API's process grows by for each watcher", Unit: "KiB", Value: each, Goal: Goal{AtMost: 40}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			if err := allowFiles(b.Scale.Watchers + spareFiles); err != nil {
				return nil, err
			}
			s, err := startSystem(ctx, b, 1, 1)
			if err != nil {
				return nil, err
			}
			f := &fanout{system: s, watchers: b.Scale.Watchers, version: 1}
			return []Subject{{Name: fmt.Sprintf("%d watchers", f.watchers), Measure: func(ctx context.Context) (Figures, error) {
				ctx, cancel := context.WithTimeout(ctx, fanoutTime)
				defer cancel()
				took, memory, err := f.measure(ctx)
				return Figures{last: milliseconds(took), each: memory / 1024}, err
			}}}, nil
		},
	}
}

// allowFiles checks that as many files may be open. Go programs raise their soft limit to the hard
// limit by themselves.
func allowFiles(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Max < uint64(n) {
		return fmt.Errorf("%d watchers need %d open files, and the hard limit is %d: raise it with ulimit -Hn", n-spareFiles, n, limit.Max)
	}
	return nil
}

// fanout is a system with many watchers of one mission.
type fanout struct {
	*system
	watchers int
	version  int64 // of the pot
}

// measure gives the median time from a change to the last watcher, and the memory of each, in bytes.
func (f *fanout) measure(ctx context.Context) (took time.Duration, memory float64, err error) {
	if err := f.restart(ctx); err != nil {
		return 0, 0, err
	}
	idle, err := f.resting(ctx)
	if err != nil {
		return 0, 0, err
	}
	watchers, err := f.connect(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := next(watchers)(); err != nil {
		return 0, 0, fmt.Errorf("the present state: %w", err)
	}
	times := make([]time.Duration, potChanges)
	for i := range times {
		if err := pause(ctx, betweenChanges); err != nil {
			return 0, 0, err
		}
		wait, began := next(watchers), time.Now()
		if err := f.changePot(ctx); err != nil {
			return 0, 0, err
		}
		if err := wait(); err != nil {
			return 0, 0, err
		}
		times[i] = time.Since(began)
	}
	full, err := f.resting(ctx)
	return quantile(times, 0.5), (full - idle) / float64(f.watchers), err
}

// restart gives the API a fresh process, so that no round has the memory of the one before. One
// watcher connects and leaves, so that the client for listeners does not count as a watcher's
// memory.
func (f *fanout) restart(ctx context.Context) error {
	if err := f.API.Stop(ctx); err != nil {
		return err
	}
	if err := f.API.Start(ctx); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	first, err := f.watch(ctx, f.missions[0])
	if err != nil {
		return err
	}
	// The first change puts the mission on the live board.
	if err := f.changePot(ctx); err != nil {
		return err
	}
	_, err = first.next()
	return err
}

// connect opens the streams of all watchers, which last until ctx ends.
func (f *fanout) connect(ctx context.Context) ([]*watcher, error) {
	watchers := make([]*watcher, f.watchers)
	var group errgroup.Group
	group.SetLimit(connecting)
	for i := range watchers {
		group.Go(func() (err error) {
			watchers[i], err = f.watch(ctx, f.missions[0])
			return err
		})
	}
	return watchers, group.Wait()
}

// next makes all watchers read their next event. The function it returns waits for the last one.
func next(watchers []*watcher) (wait func() error) {
	var group errgroup.Group
	for _, w := range watchers {
		group.Go(func() error {
			_, err := w.next()
			return err
		})
	}
	return group.Wait
}

// changePot publishes a pot as the ledger would.
func (f *fanout) changePot(ctx context.Context) error {
	f.version++
	pot := ledger.Pot{MissionID: f.missions[0], Amount: ledger.Won(f.version) * betAmount, Contributors: int(f.version), Version: f.version}
	return f.Bus().Publish(ctx, event.NewPotChanged(pot))
}

// resting returns the API's resident memory in bytes, once its garbage collector is idle.
func (f *fanout) resting(ctx context.Context) (bytes float64, err error) {
	const looks, still = 10, 1 << 20
	for calm := 0; calm < looks; calm++ {
		used, err := usageOf(f.API.Process().PID())
		if err != nil {
			return 0, err
		}
		if now := float64(used.rss); math.Abs(now-bytes) > still {
			bytes, calm = now, 0
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}
