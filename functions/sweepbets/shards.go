package sweepbets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

const (
	// parallel is how many shards are swept at once. Each holds one connection for
	// its lock and needs another to work with, so the pool must be well above it.
	parallel = 4
	pageSize = 1000
	// maxPages allows 16 × 30 × 1,000 = 480,000 entries a round. With one tick
	// a minute these are the 8,000 bets a second that the log itself takes
	// (rule 18).
	maxPages = 30
	// maxStrays is how many bets of one shard a round publishes again. If more
	// than a few are undecided, holdbets is down or behind, and a flood of
	// messages would not help.
	maxStrays = 1000
	// reserve is the time that one page needs in the worst case. With less than
	// that left the sweep stops between two pages, and the next tick continues.
	reserve = 10 * time.Second
)

// shards sweeps every shard of the log that no other instance is sweeping. A
// failure in one does not stop the others.
func (s *Step) shards(ctx context.Context, now time.Time) error {
	var all errgroup.Group
	all.SetLimit(parallel)
	var failed collector
	for shard := range ledger.Shards {
		all.Go(func() error {
			_, err := s.ledger.WithShard(ctx, shard, func(ctx context.Context) error { return s.shard(ctx, shard, now) })
			if err != nil {
				failed.add(fmt.Errorf("sweep shard %d: %w", shard, err))
			}
			return nil
		})
	}
	_ = all.Wait() // all errors are in the collector
	return failed.joined()
}

// shard reads from the mark on, page by page, while entries are old enough.
func (s *Step) shard(ctx context.Context, shard int, now time.Time) error {
	before := now.Add(-s.opts.Age)
	mark, err := s.ledger.Mark(ctx, shard)
	if err != nil {
		return err
	}
	published := 0
	for range maxPages {
		entries, err := s.log.Since(ctx, shard, mark, before, pageSize)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return nil
		}
		mark = entries[len(entries)-1].Mark
		again, err := s.pass(ctx, shard, mark, entries)
		if err != nil {
			return err
		}
		published += again
		if len(entries) < pageSize || published >= maxStrays || outOfTime(ctx) {
			return nil
		}
	}
	return nil
}

// pass moves the mark past entries. Those without an outcome become strays in
// the same transaction (rule 16). Then they are published again. If that fails
// they are not lost, because a stray is published until it is decided.
func (s *Step) pass(ctx context.Context, shard int, mark ledger.Mark, entries []ledger.Logged) (int, error) {
	ids := make([]uuid.UUID, len(entries))
	byID := make(map[uuid.UUID]ledger.Bet, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
		byID[e.ID] = e.Bet
	}
	undecided, err := s.ledger.Undecided(ctx, ids)
	if err != nil {
		return 0, err
	}
	strays := make([]ledger.Bet, len(undecided))
	for i, id := range undecided {
		strays[i] = byID[id]
	}
	if err := s.ledger.Advance(ctx, shard, mark, strays); err != nil {
		return 0, err
	}
	if len(strays) == 0 {
		return 0, nil
	}
	slog.WarnContext(ctx, "bets without an outcome", "shard", shard, "bets", len(strays), "first", strays[0].ID)
	return len(strays), s.publish(ctx, strays)
}

func (s *Step) publish(ctx context.Context, bets []ledger.Bet) error {
	events := make([]event.Event, len(bets))
	for i, b := range bets {
		events[i] = event.NewBetPlaced(b)
	}
	return s.bus.Publish(ctx, events...)
}

func outOfTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < reserve
}

// collector gathers errors of several goroutines.
type collector struct {
	mu   sync.Mutex
	errs []error
}

func (c *collector) add(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

func (c *collector) joined() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.errs...)
}
