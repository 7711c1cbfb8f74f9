package reconcile

import (
	"context"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// readLog reads the next entries of the log, and looks again for the outcomes
// of pending bets.
func (k *check) readLog(ctx context.Context) error {
	if err := k.pending(ctx); err != nil {
		return err
	}
	k.moment.log = k.moment.ledger.Add(-k.Grace)
	for shard := range ledger.Shards {
		through, err := k.readShard(ctx, shard)
		if err != nil {
			return err
		}
		if through.Before(k.moment.log) {
			k.moment.log = through
		}
	}
	return nil
}

// readShard reads from the check's mark on, but never past the sweep's: an
// entry that the sweep has passed is decided or on its list, in any snapshot.
// It returns the time up to which the shard was read.
func (k *check) readShard(ctx context.Context, shard int) (time.Time, error) {
	mark, swept, err := k.ledger.Shard(ctx, shard)
	if err != nil {
		return time.Time{}, err
	}
	before := k.moment.ledger.Add(-k.Grace)
	for page := 0; k.Whole || page < maxEntryPages && !k.outOfTime(ctx); page++ {
		entries, err := k.log.Since(ctx, shard, mark, before, entriesPage)
		if err != nil {
			return time.Time{}, err
		}
		full := len(entries) == entriesPage
		beyond := len(entries)
		if k.Grace > 0 {
			beyond = firstBeyond(entries, swept)
		}
		if beyond > 0 {
			mark = entries[beyond-1].Mark
			if err := k.passEntries(ctx, shard, mark, entries[:beyond]); err != nil {
				return time.Time{}, err
			}
		}
		if beyond < len(entries) {
			return entries[beyond].Mark.LoggedAt, nil
		}
		if !full {
			return before, nil
		}
	}
	return mark.LoggedAt, nil
}

// firstBeyond is the index of the first entry that the sweep has not passed.
func firstBeyond(entries []ledger.Logged, swept ledger.Mark) int {
	for i, e := range entries {
		later := e.Mark.LoggedAt.Compare(swept.LoggedAt)
		if later > 0 || later == 0 && e.Mark.Entry > swept.Entry {
			return i
		}
	}
	return len(entries)
}

func (k *check) passEntries(ctx context.Context, shard int, through ledger.Mark, entries []ledger.Logged) error {
	bets := make([]ledger.Bet, len(entries))
	for i, e := range entries {
		bets[i] = e.Bet
	}
	outcomes, err := k.ledger.Outcomes(ctx, bets)
	if err != nil {
		return err
	}
	var pending []ledger.Bet
	for i, b := range bets {
		waits, found := checkEntry(b, outcomes[i])
		k.report.add(found...)
		if waits {
			pending = append(pending, b)
		}
	}
	k.report.Read.Entries += int64(len(bets))
	return k.ledger.PassEntries(ctx, shard, through, bets, pending)
}

// pending looks again for the outcomes of bets that were passed without one.
func (k *check) pending(ctx context.Context) error {
	after := uuid.Nil
	for read := 0; read < maxPendingRead; read += pendingPage {
		bets, err := k.ledger.PendingBets(ctx, after, pendingPage)
		if err != nil || len(bets) == 0 {
			return err
		}
		outcomes, err := k.ledger.Outcomes(ctx, bets)
		if err != nil {
			return err
		}
		var decided []ledger.Bet
		for i, b := range bets {
			waits, found := checkEntry(b, outcomes[i])
			k.report.add(found...)
			if !waits {
				decided = append(decided, b)
			} else if k.moment.ledger.Sub(b.LoggedAt) > k.Late {
				k.report.add(Finding{Rule: 4, Grade: Late, Subject: OfBet, ID: b.ID, What: "a logged bet has no outcome yet"})
			}
		}
		if err := k.ledger.ForgetPending(ctx, decided); err != nil {
			return err
		}
		if len(bets) < pendingPage {
			return nil
		}
		after = bets[len(bets)-1].ID
	}
	return nil
}
