package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/batch"
)

// outcome is what the ledger has decided about a bet, if it has.
type outcome struct {
	status ledger.BetStatus
	known  bool
}

// outcomes reads what was decided, for many callers at once.
type outcomes struct {
	decided *batch.Batcher[uuid.UUID, outcome]
}

func newOutcomes(ledger Outcomes) *outcomes {
	read := func(ctx context.Context, ids []uuid.UUID) ([]outcome, error) { return readOutcomes(ctx, ledger, ids) }
	return &outcomes{decided: batch.New(read, batch.Options{Max: 1000})}
}

// of is what is decided about a bet.
func (o *outcomes) of(ctx context.Context, id uuid.UUID) (outcome, error) {
	return o.decided.Do(ctx, id)
}

// readOutcomes asks the ledger for all who wait on this instance together.
func readOutcomes(ctx context.Context, from Outcomes, ids []uuid.UUID) ([]outcome, error) {
	decided, err := from.BetStatuses(ctx, ids)
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(ids))
	for i, id := range ids {
		outcomes[i].status, outcomes[i].known = decided[id]
	}
	return outcomes, nil
}

// await looks for the outcome until the time is up. Not knowing it is no
// failure: the bet is logged.
func (o *outcomes) await(ctx context.Context, id uuid.UUID, wait time.Duration) (seen outcome) {
	poll(ctx, wait, func(ctx context.Context) bool {
		var err error
		seen, err = o.of(ctx, id)
		return err == nil && seen.known
	})
	return seen
}

// The pace of looking again: quick at first, because most outcomes are there
// within moments, then calmer.
const (
	firstPoll = 15 * time.Millisecond
	slowPoll  = 250 * time.Millisecond
)

// poll calls done until it returns true or the time is up. No time, no call.
func poll(ctx context.Context, wait time.Duration, done func(context.Context) bool) {
	if wait <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for pause := firstPoll; ; pause = min(pause*3/2, slowPoll) {
		if done(ctx) {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}
