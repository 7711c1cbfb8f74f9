package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/missionpot/internal/flow/cache"
)

// source counts how often it is read.
type source struct {
	reads int
	err   error
	takes time.Duration
}

func (s *source) read(ctx context.Context) (int, error) {
	s.reads++
	select {
	case <-time.After(s.takes):
		return s.reads, s.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *source) cached(o cache.Options[int]) *cache.Value[int] {
	o.Age, o.Limit, o.Now = time.Second, 5*time.Second, time.Now
	return cache.New(s.read, o)
}

func want(t *testing.T, v *cache.Value[int], value int) {
	t.Helper()
	if got, err := v.Get(t.Context()); err != nil || got != value {
		t.Errorf("Get gave %d, %v, want read %d", got, err, value)
	}
}

func TestAValueIsReadOnceInItsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := (&source{}).cached(cache.Options[int]{})
		if _, age := v.Known(); age < time.Hour {
			t.Errorf("a value that nobody has read is %s old, want older than anything", age)
		}
		want(t, v, 1)
		time.Sleep(time.Second - 1)
		want(t, v, 1)
		time.Sleep(time.Nanosecond)
		want(t, v, 2)
		if got, err := v.Fresh(t.Context()); err != nil || got != 3 {
			t.Errorf("Fresh gave %d, %v, want read 3", got, err)
		}
		if got, age := v.Known(); got != 3 || age != 0 {
			t.Errorf("known is %d of %s ago, want read 3 of now", got, age)
		}
	})
}

func TestCallersShareAReadAndOneWhoLeavesFailsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := &source{takes: 3 * time.Second}
		v := from.cached(cache.Options[int]{})
		leaving, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := v.Get(leaving); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the caller who left got %v, want its deadline", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() { want(t, v, 1) })
		}
		all.Wait()
		if from.reads != 1 {
			t.Errorf("read %d times, want once", from.reads)
		}
	})
}

func TestAReadIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := (&source{takes: time.Hour}).cached(cache.Options[int]{})
		if _, err := v.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the read took too long", err)
		}
	})
}

func TestAfterAFailureNothingIsReadForAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		from := &source{err: down}
		v := from.cached(cache.Options[int]{Pause: time.Minute})
		for range 3 {
			if _, err := v.Get(t.Context()); !errors.Is(err, down) {
				t.Errorf("got %v, want %v", err, down)
			}
		}
		if from.reads != 1 {
			t.Errorf("read %d times, want once", from.reads)
		}
		from.err = nil
		time.Sleep(time.Minute)
		want(t, v, 2)
	})
}

func TestAnOlderValueReplacesNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := (&source{takes: time.Millisecond}).cached(cache.Options[int]{Newer: func(a, b int) bool { return a >= b }})
		read := v.Refresh(t.Context())
		v.Put(9)
		<-read // gives 1
		want(t, v, 9)
		v.Put(8)
		want(t, v, 9)
	})
}
