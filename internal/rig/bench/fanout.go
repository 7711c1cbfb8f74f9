package bench

import (
	"bufio"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

const (
	// connecting is how many watchers connect at once: fewer than a listener's
	// backlog holds.
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
	const last, memory = "last watcher", "memory of a watcher"
	return Experiment{
		Name: "fanout",
		Rows: []Row{
			{Name: "sse_fanout", What: "a change of the pot sent to the last of all watchers of one instance", Unit: "ms", Value: last, Less: true, Goal: Goal{AtMost: 1000}},
			{Name: "sse_memory", What: "what the API's process grows by for each watcher", Unit: "KiB", Value: memory, Less: true, Goal: Goal{AtMost: 40}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			if err := allowFiles(b.Scale.Watchers + spareFiles); err != nil {
				return nil, err
			}
			s, err := startSystem(ctx, b, 1, 1)
			if err != nil {
				return nil, err
			}
			version := int64(1) // of the pot that the mission began with
			return []Subject{{Name: fmt.Sprintf("%d watchers", b.Scale.Watchers), Measure: func(ctx context.Context) (Figures, error) {
				ctx, cancel := context.WithTimeout(ctx, fanoutTime)
				defer cancel()
				f := &fanout{system: s, watchers: b.Scale.Watchers, version: &version}
				took, bytes, err := f.measure(ctx)
				return Figures{last: took.Seconds() * 1000, memory: bytes / 1024}, err
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

// fanout is one round: a fresh API with many watchers of one mission.
type fanout struct {
	*system
	watchers int
	version  *int64

	received    []atomic.Int64 // watchers by the change they received; the first is the present state
	allReceived []chan struct{}
}

// measure returns the median time from a change to the last watcher, and the
// memory of each, in bytes.
func (f *fanout) measure(ctx context.Context) (took time.Duration, memory float64, err error) {
	if err := f.restart(ctx); err != nil {
		return 0, 0, err
	}
	f.received = make([]atomic.Int64, potChanges+1)
	for range f.received {
		f.allReceived = append(f.allReceived, make(chan struct{}))
	}
	idle, err := f.resting(ctx)
	if err != nil {
		return 0, 0, err
	}
	ctx, leave := context.WithCancelCause(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer leave(nil)
	if err := f.connect(ctx, &open, leave); err != nil {
		return 0, 0, err
	}
	if err := f.await(ctx, 0); err != nil {
		return 0, 0, fmt.Errorf("the present state: %w", err)
	}
	var times []time.Duration
	for change := range potChanges {
		if err := pause(ctx, betweenChanges); err != nil {
			return 0, 0, err
		}
		began := time.Now()
		if err := f.changePot(ctx); err != nil {
			return 0, 0, err
		}
		if err := f.await(ctx, change+1); err != nil {
			return 0, 0, err
		}
		times = append(times, time.Since(began))
	}
	full, err := f.resting(ctx)
	return quantile(times, 0.5), float64(full-idle) / float64(f.watchers), err
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
	conn, lines, err := watch(ctx, f.API.URL(), f.missions[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read
	// The first change puts the mission on the live board.
	if err := f.changePot(ctx); err != nil {
		return err
	}
	_, err = nextEvent(lines)
	return err
}

// changePot publishes a pot as the ledger would.
func (f *fanout) changePot(ctx context.Context) error {
	*f.version++
	pot := ledger.Pot{MissionID: f.missions[0], Total: ledger.Won(*f.version) * betAmount, Contributors: int(*f.version), Version: *f.version}
	return f.Bus().Publish(ctx, event.NewPotChanged(pot))
}

// resting returns the API's resident memory once its garbage collector is idle.
func (f *fanout) resting(ctx context.Context) (bytes int, err error) {
	const looks, still = 10, 1 << 20
	last, calm := 0, 0
	for calm < looks {
		used, err := usageOf(f.API.Process().PID())
		if err != nil {
			return 0, err
		}
		if calm++; used.rss > last+still || used.rss < last-still {
			last, calm = used.rss, 0
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return last, nil
}

func (f *fanout) connect(ctx context.Context, open *sync.WaitGroup, leave context.CancelCauseFunc) error {
	var group errgroup.Group
	group.SetLimit(connecting)
	for range f.watchers {
		group.Go(func() error {
			conn, lines, err := watch(ctx, f.API.URL(), f.missions[0])
			if err != nil {
				leave(err)
				return err
			}
			open.Go(func() {
				context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read
				if err := f.follow(lines); err != nil && ctx.Err() == nil {
					leave(fmt.Errorf("a watcher: %w", err))
				}
				<-ctx.Done() // a watcher stays while memory is measured
			})
			return nil
		})
	}
	return group.Wait()
}

// follow counts each event that a watcher receives.
func (f *fanout) follow(lines *bufio.Reader) error {
	for change := range f.received {
		if _, err := nextEvent(lines); err != nil {
			return err
		}
		if f.received[change].Add(1) == int64(f.watchers) {
			close(f.allReceived[change])
		}
	}
	return nil
}

func (f *fanout) await(ctx context.Context, change int) error {
	select {
	case <-f.allReceived[change]:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d of %d watchers received the change: %w", f.received[change].Load(), f.watchers, context.Cause(ctx))
	}
}
