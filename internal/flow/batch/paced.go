package batch

import (
	"context"
	"sync"
	"time"
)

// Paced runs a function for a key at most once per interval, with the newest
// value so far. Make one with NewPaced.
type Paced[K comparable, T any] struct {
	run      func(context.Context, K, T) error
	newer    func(a, b T) bool
	interval time.Duration
	timeout  time.Duration

	mu   sync.Mutex
	keys map[K]*pace[T]
}

// pace is one key's state. It exists while a caller waits or the interval after
// a run has not passed, so an idle key costs nothing.
type pace[T any] struct {
	value   T
	waiting []chan<- error
}

// PacedOptions bound a Paced.
type PacedOptions struct {
	Interval time.Duration // between two starts for one key
	Timeout  time.Duration // of one run; default 10 s
}

// NewPaced makes a Paced. newer(a, b) reports whether a is newer than b, so
// that a late caller with an old value never wins.
func NewPaced[K comparable, T any](run func(context.Context, K, T) error, newer func(a, b T) bool, opts PacedOptions) *Paced[K, T] {
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Second
	}
	return &Paced[K, T]{run: run, newer: newer, interval: opts.Interval, timeout: opts.Timeout, keys: map[K]*pace[T]{}}
}

// Do adds a value and waits until it, or a newer one, was run. A key that was
// idle for an interval runs at once.
func (p *Paced[K, T]) Do(ctx context.Context, key K, value T) error {
	done := make(chan error, 1)
	p.mu.Lock()
	k, busy := p.keys[key]
	switch {
	case !busy:
		p.keys[key] = &pace[T]{value: value, waiting: []chan<- error{done}}
		go p.work(key)
	case len(k.waiting) == 0 || p.newer(value, k.value):
		k.value = value
		k.waiting = append(k.waiting, done)
	default:
		k.waiting = append(k.waiting, done)
	}
	p.mu.Unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work serves one key until an interval passes without a caller.
func (p *Paced[K, T]) work(key K) {
	for {
		p.mu.Lock()
		k := p.keys[key]
		if len(k.waiting) == 0 {
			delete(p.keys, key)
			p.mu.Unlock()
			return
		}
		value, waiting := k.value, k.waiting
		k.waiting = nil
		p.mu.Unlock()

		next := time.NewTimer(p.interval)
		ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
		err := p.run(ctx, key, value)
		cancel()
		for _, done := range waiting {
			done <- err
		}
		<-next.C
	}
}
