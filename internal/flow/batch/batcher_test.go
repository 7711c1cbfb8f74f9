package batch_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/missionpot/internal/flow/batch"
)

func double(_ context.Context, in []int) ([]int, error) {
	out := make([]int, len(in))
	for i, n := range in {
		out[i] = 2 * n
	}
	return out, nil
}

func TestEveryCallerGetsTheResultOfItsOwnItem(t *testing.T) {
	t.Parallel()
	b := batch.New(double, batch.Options{Max: 7, Queue: 1000})
	var wait sync.WaitGroup
	for i := range 500 {
		wait.Go(func() {
			got, err := b.Do(t.Context(), i)
			if err != nil || got != 2*i {
				t.Errorf("item %d: got %d (%v), want %d", i, got, err, 2*i)
			}
		})
	}
	wait.Wait()
}

func TestCallersGatherWhileABatchRuns(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	sizes := make(chan int, 10)
	b := batch.New(func(_ context.Context, in []int) ([]int, error) {
		sizes <- len(in)
		<-release
		return in, nil
	}, batch.Options{Max: 100})
	var wait sync.WaitGroup
	call := func() { wait.Go(func() { _, _ = b.Do(t.Context(), 1) }) }
	call()
	if got := <-sizes; got != 1 {
		t.Fatalf("the first batch has %d items, want 1 because a single caller does not wait", got)
	}
	for range 20 {
		call()
	}
	waitUntil(t, func() bool { return b.Waiting() == 20 })
	close(release)
	if got := <-sizes; got != 20 {
		t.Errorf("the second batch has %d items, want the 20 that gathered", got)
	}
	wait.Wait()
}

func TestBusyRunsKeepAGapAndALoneCallerNeverWaitsForIt(t *testing.T) {
	t.Parallel()
	const gap = 200 * time.Millisecond
	release := make(chan struct{})
	starts := make(chan time.Time, 10)
	b := batch.New(func(_ context.Context, in []int) ([]int, error) {
		starts <- time.Now()
		<-release
		return in, nil
	}, batch.Options{Max: 100, Gap: gap})
	var wait sync.WaitGroup
	call := func() { wait.Go(func() { _, _ = b.Do(t.Context(), 1) }) }
	call()
	first := <-starts
	call()
	call()
	waitUntil(t, func() bool { return b.Waiting() == 2 })
	release <- struct{}{}
	second := <-starts
	if took := second.Sub(first); took >= gap {
		t.Errorf("after a lone caller the next run starts %s later, want no gap", took)
	}
	call()
	waitUntil(t, func() bool { return b.Waiting() == 1 })
	close(release)
	if took := (<-starts).Sub(second); took < gap {
		t.Errorf("after a busy run the next starts %s later, want %s at least", took, gap)
	}
	wait.Wait()
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	release, started := make(chan struct{}), make(chan struct{}, 1)
	b := batch.New(func(_ context.Context, in []int) ([]int, error) {
		started <- struct{}{}
		<-release
		return in, nil
	}, batch.Options{Max: 1, Queue: 1})
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(release)
	wait.Go(func() { _, _ = b.Do(t.Context(), 1) })
	<-started
	go func() { <-started }()
	wait.Go(func() { _, _ = b.Do(t.Context(), 2) })
	waitUntil(t, func() bool { return b.Waiting() == 1 })
	if _, err := b.Do(t.Context(), 3); !errors.Is(err, batch.ErrFull) {
		t.Errorf("a third caller: got %v, want ErrFull", err)
	}
}

func TestAPanicReachesTheCallersAndTheNextBatchRuns(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	b := batch.New(func(_ context.Context, in []int) ([]int, error) {
		if runs.Add(1) == 1 {
			panic("boom")
		}
		return in, nil
	}, batch.Options{Max: 10})
	if _, err := b.Do(t.Context(), 1); err == nil {
		t.Error("the caller of the panicking run got no error")
	}
	if got, err := b.Do(t.Context(), 5); err != nil || got != 5 {
		t.Errorf("the next caller: got %d (%v), want 5", got, err)
	}
}

func TestACallerThatGaveUpIsLeftOut(t *testing.T) {
	t.Parallel()
	release, started := make(chan struct{}), make(chan struct{}, 2)
	var items atomic.Int32
	b := batch.New(func(_ context.Context, in []int) ([]int, error) {
		items.Add(int32(len(in)))
		started <- struct{}{}
		<-release
		return in, nil
	}, batch.Options{Max: 10})
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = b.Do(t.Context(), 1) })
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	wait.Go(func() {
		if _, err := b.Do(ctx, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	waitUntil(t, func() bool { return b.Waiting() == 1 })
	cancel()
	close(release)
	wait.Wait()
	if _, err := b.Do(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := items.Load(); got != 2 {
		t.Errorf("%d items were run, want 2 without the one that gave up", got)
	}
}

func TestPacedRunsAtOnceThenAtMostOncePerIntervalWithTheNewest(t *testing.T) {
	t.Parallel()
	const interval = 100 * time.Millisecond
	var mu sync.Mutex
	var runs []int
	var at []time.Time
	p := batch.NewPaced(func(_ context.Context, _ string, v int) error {
		mu.Lock()
		defer mu.Unlock()
		runs, at = append(runs, v), append(at, time.Now())
		return nil
	}, func(a, b int) bool { return a > b }, batch.PacedOptions{Interval: interval})
	if err := p.Do(t.Context(), "m", 1); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for v := 2; v <= 50; v++ {
		wait.Go(func() {
			if err := p.Do(t.Context(), "m", v); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	mu.Lock()
	defer mu.Unlock()
	if runs[0] != 1 || runs[len(runs)-1] != 50 {
		t.Errorf("runs: got %v, want 1 first and the newest, 50, last", runs)
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < interval*9/10 {
			t.Errorf("run %d came %s after the one before, want at least %s", i, gap, interval)
		}
	}
	if len(runs) > 5 {
		t.Errorf("%d runs for 50 callers at once, want few", len(runs))
	}
}

func waitUntil(t *testing.T, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited more than 10 s")
		}
	}
}
