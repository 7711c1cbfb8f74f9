package ledgerdb

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// errNotFast means that a chunk can't take the fast path. Nothing of it is written.
var errNotFast = errors.New("the chunk does not fit the fast path")

// refundFast refunds the next contributors in several chunks at once, each in
// one call and one transaction. It reports whether the settlement made
// progress. It did not if nobody is left, if another settler was faster, or if
// a row of the first chunk is already there. In these cases nothing is written,
// and the exact path finds out which it is.
//
// It need not lock first. The contributions to a mission never change once its
// escrow is closed, so they may be read outside the transaction. Each wallet is
// credited under its lock, in the order of the users. A ledger row that is
// already there makes the call fail, so that no wallet keeps a credit whose row
// was not inserted (rule 7). The last statement advances the escrow, and finds
// no row if another chunk did so first.
//
// Chunks that run at once have no contributor in common. The last statement of
// each waits for the chunk before it, and fails if that one failed. So the
// escrow's progress has no gaps, whatever is rolled back.
func (db *DB) refundFast(ctx context.Context, e escrowRow, limit, atOnce int) (forward bool, err error) {
	next, err := db.readContributions(ctx, e, limit*atOnce)
	if err != nil || len(next) == 0 {
		return false, err
	}
	errs := make([]error, atOnce)
	var all sync.WaitGroup
	after, behind := e.settledThrough, (*uuid.UUID)(nil)
	for i := range atOnce {
		chunk := next[min(i*limit, len(next)):min((i+1)*limit, len(next))]
		if len(chunk) == 0 {
			break
		}
		from, before := after, behind
		all.Go(func() { errs[i] = db.refundChunk(ctx, e.MissionID, from, before, chunk) })
		after, behind = chunk[len(chunk)-1].UserID, &from
	}
	all.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, errNotFast) {
			return false, err
		}
	}
	return errs[0] == nil, nil
}

// refundChunk refunds the contributors after a given one, behind a chunk that
// is under way, if there is one.
func (db *DB) refundChunk(ctx context.Context, mission, after uuid.UUID, behind *uuid.UUID, chunk []ledger.Contribution) error {
	ids, users, amounts := make([][16]byte, len(chunk)), make([][16]byte, len(chunk)), make([]int64, len(chunk))
	for i, c := range chunk {
		ids[i], users[i], amounts[i] = ledger.RefundID(mission, c.UserID), c.UserID, int64(c.Amount)
	}
	const call = `SELECT refund_chunk($1, $2, $3, $4, $5, $6)`
	_, err := db.pool.Exec(ctx, call, mission, after, behind, ids, users, amounts)
	if code := pg.Code(err); code == codeNotFastRefund || code == pg.Unique || again(err) {
		return fmt.Errorf("%w: %w", errNotFast, err)
	}
	if err != nil {
		return fmt.Errorf("refund %d contributors: %w", len(chunk), err)
	}
	return nil
}

// readContributions reads the contributions of the next users by id.
func (db *DB) readContributions(ctx context.Context, e escrowRow, limit int) ([]ledger.Contribution, error) {
	const read = `SELECT user_id, amount FROM contributions WHERE mission_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`
	rows, _ := db.pool.Query(ctx, read, e.MissionID, e.settledThrough, limit)
	next := make([]ledger.Contribution, 0, limit)
	var user uuid.UUID
	var amount ledger.Won
	if _, err := pgx.ForEachRow(rows, []any{&user, &amount}, func() error {
		next = append(next, ledger.Contribution{UserID: user, Amount: amount})
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read contributions: %w", err)
	}
	return next, nil
}
