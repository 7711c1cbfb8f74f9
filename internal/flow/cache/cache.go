// Package cache keeps a value that is stored elsewhere for as long as it may be
// old. However many callers ask, it is read once in that time.
//
// A read is shared by everyone who waits for it and belongs to none of them: a
// caller who leaves does not fail the others.
package cache

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Options say how a value is read.
type Options[T any] struct {
	Age   time.Duration    // how old a value may be that Get returns
	Limit time.Duration    // of one read
	Pause time.Duration    // after a read that failed, its error is the answer for so long
	Now   func() time.Time // the clock
	// Newer reports whether a value may replace one that is known; nil: always.
	Newer func(value, known T) bool
}

// Value is one cached value. Make one with New. It is safe for concurrent use.
type Value[T any] struct {
	read    func(context.Context) (T, error)
	options Options[T]
	flights singleflight.Group

	mu       sync.Mutex
	known    T
	at       time.Time // when the known value was current; zero: none is known
	err      error     // of the last read, if it failed
	failedAt time.Time
}

// New makes a value that nobody has read yet.
func New[T any](read func(context.Context) (T, error), o Options[T]) *Value[T] {
	return &Value[T]{read: read, options: o}
}

// Get returns the value as it was at most Age ago.
func (v *Value[T]) Get(ctx context.Context) (T, error) {
	if known, age := v.Known(); age < v.options.Age {
		return known, nil
	}
	return v.Fresh(ctx)
}

// Fresh reads the value now, or returns the result of a read that is under way.
func (v *Value[T]) Fresh(ctx context.Context) (T, error) {
	select {
	case result := <-v.Refresh(ctx):
		value, _ := result.Val.(T)
		return value, result.Err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("wait for a shared read: %w", ctx.Err())
	}
}

// Known returns the last known value and its age, without reading it. The age of
// a value that was never read is the longest there is.
func (v *Value[T]) Known() (T, time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.at.IsZero() {
		return v.known, math.MaxInt64
	}
	return v.known, v.options.Now().Sub(v.at)
}

// Refresh starts a read unless one is under way, and returns its result when
// there is one.
func (v *Value[T]) Refresh(ctx context.Context) <-chan singleflight.Result {
	if err := v.failure(); err != nil {
		failed := make(chan singleflight.Result, 1)
		failed <- singleflight.Result{Err: err}
		return failed
	}
	return v.flights.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.options.Limit)
		defer cancel()
		began := v.options.Now()
		value, err := v.read(ctx)
		if err != nil {
			v.fail(err)
			return value, err
		}
		v.put(value, began)
		return value, nil
	})
}

// Put is for a value that the caller knows to be current.
func (v *Value[T]) Put(value T) { v.put(value, v.options.Now()) }

func (v *Value[T]) put(value T, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = nil
	if v.options.Newer == nil || v.at.IsZero() || v.options.Newer(value, v.known) {
		v.known, v.at = value, at
	}
}

func (v *Value[T]) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err, v.failedAt = err, v.options.Now()
}

// failure is the error of a read that failed too short a time ago to try again.
func (v *Value[T]) failure() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil && v.options.Now().Sub(v.failedAt) < v.options.Pause {
		return v.err
	}
	return nil
}
