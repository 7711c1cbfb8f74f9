package rebuild

import (
	"context"
	"time"

	"example.com/missionpot/internal/core/ledger"
)

// cursor reads one shard of the log, page by page.
type cursor struct {
	log     Log
	shard   int
	mark    ledger.Mark
	before  time.Time
	entries []ledger.Logged
	end     bool // there is no further page
}

const logPage = 1000

// openLog starts where the instance's sweep had stopped.
func (r *replay) openLog(ctx context.Context, before time.Time) error {
	for shard := range ledger.Shards {
		mark, err := r.ledger.Mark(ctx, shard)
		if err != nil {
			return err
		}
		r.cursors = append(r.cursors, &cursor{log: r.log, shard: shard, mark: mark, before: before})
	}
	return nil
}

// earliest is the shard whose next entry is the oldest, or nil at the end of all.
func (r *replay) earliest(ctx context.Context) (*cursor, error) {
	var first *cursor
	for _, c := range r.cursors {
		if err := c.fill(ctx); err != nil {
			return nil, err
		}
		if len(c.entries) > 0 && (first == nil || c.head().LoggedAt.Before(first.head().LoggedAt)) {
			first = c
		}
	}
	return first, nil
}

func (c *cursor) fill(ctx context.Context) error {
	if len(c.entries) > 0 || c.end {
		return nil
	}
	var err error
	if c.entries, err = c.log.Since(ctx, c.shard, c.mark, c.before, logPage); err != nil {
		return err
	}
	c.end = len(c.entries) < logPage
	if len(c.entries) > 0 {
		c.mark = c.entries[len(c.entries)-1].Mark
	}
	return nil
}

func (c *cursor) head() ledger.Bet { return c.entries[0].Bet }

func (c *cursor) take() ledger.Bet {
	b := c.entries[0].Bet
	c.entries = c.entries[1:]
	return b
}
