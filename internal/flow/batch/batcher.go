package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrFull is returned when as many callers wait as the batcher may queue.
var ErrFull = errors.New("batch: the queue is full")

// Options bound a Batcher.
type Options struct {
	Max     int           // items in one run; required
	Queue   int           // items that may wait; default 16 × Max
	Timeout time.Duration // of one run; default 15 s
	// Gap is the least time from the start of a busy run to the next; 0 is none. It
	// is for a function whose calls cost more than its items.
	Gap time.Duration
	// Busy is how many items make a run a busy one; default 2, so that items that
	// come one at a time never wait.
	Busy int
}

// Batcher runs a function over batches of its callers' items. Make one with New.
type Batcher[T, R any] struct {
	run  func(context.Context, []T) ([]R, error)
	opts Options

	mu      sync.Mutex
	waiting []call[T, R]
	running bool
	next    time.Time // the next run starts no sooner
}

type call[T, R any] struct {
	item   T
	answer chan<- answer[R]
	ctx    context.Context // the caller's; done when the caller gave up
}

type answer[R any] struct {
	result R
	err    error
}

// New makes a Batcher. The function gets the items in the order they came and
// returns one result for each, or an error that all of them get. Its context
// does not end with a caller's, because one caller that gives up must not fail
// the others. It has the first caller's values, so that a single caller's trace
// continues. With many callers the first one's trace covers the batch.
func New[T, R any](run func(context.Context, []T) ([]R, error), opts Options) *Batcher[T, R] {
	if opts.Queue == 0 {
		opts.Queue = 16 * opts.Max
	}
	if opts.Busy == 0 {
		opts.Busy = 2
	}
	if opts.Timeout == 0 {
		opts.Timeout = 15 * time.Second
	}
	return &Batcher[T, R]{run: run, opts: opts}
}

// Do adds one item and waits for its result. The error is the run's, the
// context's, or ErrFull. An item whose caller gave up may still be run.
func (b *Batcher[T, R]) Do(ctx context.Context, item T) (R, error) {
	var none R
	if err := ctx.Err(); err != nil {
		return none, err
	}
	answers := make(chan answer[R], 1)
	if !b.enqueue(call[T, R]{item: item, answer: answers, ctx: ctx}) {
		return none, ErrFull
	}
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Waiting is the number of items that no run has taken yet.
func (b *Batcher[T, R]) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// enqueue adds a call and starts a runner if there is none.
func (b *Batcher[T, R]) enqueue(c call[T, R]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= b.opts.Queue {
		return false
	}
	b.waiting = append(b.waiting, c)
	if !b.running {
		b.running = true
		go b.work()
	}
	return true
}

// work runs batch after batch until nothing waits.
func (b *Batcher[T, R]) work() {
	for {
		b.gather()
		calls := b.take()
		if calls == nil {
			return
		}
		b.runBatch(calls)
	}
}

// gather waits for the gap in which the next batch grows. If no item waits, it
// returns at once.
func (b *Batcher[T, R]) gather() {
	b.mu.Lock()
	wait := time.Until(b.next)
	if len(b.waiting) == 0 {
		wait = 0
	}
	b.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
}

// take removes the next batch, without callers that gave up.
func (b *Batcher[T, R]) take() []call[T, R] {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := make([]call[T, R], 0, min(len(b.waiting), b.opts.Max))
	taken := 0
	for _, c := range b.waiting {
		if len(calls) == b.opts.Max {
			break
		}
		taken++
		select {
		case <-c.ctx.Done():
		default:
			calls = append(calls, c)
		}
	}
	rest := copy(b.waiting, b.waiting[taken:])
	clear(b.waiting[rest:])
	b.waiting = b.waiting[:rest]
	if len(calls) == 0 {
		b.running = false
		return nil
	}
	if len(calls) >= b.opts.Busy {
		b.next = time.Now().Add(b.opts.Gap)
	}
	return calls
}

func (b *Batcher[T, R]) runBatch(calls []call[T, R]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].ctx), b.opts.Timeout)
	defer cancel()
	items := make([]T, len(calls))
	for i, c := range calls {
		items[i] = c.item
	}
	results, err := b.protected(ctx, items)
	for i, c := range calls {
		if err != nil {
			c.answer <- answer[R]{err: err}
			continue
		}
		c.answer <- answer[R]{result: results[i]}
	}
}

// protected keeps a panic of the function, or a wrong count of results, from
// leaving callers waiting for ever.
func (b *Batcher[T, R]) protected(ctx context.Context, items []T) (results []R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("batch: the run panicked: %v", p)
		}
	}()
	results, err = b.run(ctx, items)
	if err == nil && len(results) != len(items) {
		return nil, fmt.Errorf("batch: %d results for %d items", len(results), len(items))
	}
	return results, err
}
