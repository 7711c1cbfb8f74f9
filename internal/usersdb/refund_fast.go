package usersdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/ledger"
)

// refundFast refunds the next contributors in one call and reports whether it
// did. It did not if nobody is left, if another settler was faster, or if a row
// of the chunk is there already: then nothing is written and the exact path
// finds out which.
//
// It is right without locking first. What a mission's contributors put in never
// changes once its escrow is closed, so it may be read outside of the
// transaction. Each wallet is credited under its lock, in the users' order, and
// a ledger row that is there already breaks the call, so that no wallet keeps a
// credit whose row was not inserted (rule 7). The last statement advances the
// escrow, and finds no row if another chunk did.
func (d *DB) refundFast(ctx context.Context, e escrowRow, limit int) (done bool, err error) {
	next, err := d.readContributions(ctx, e, limit)
	if err != nil || len(next) == 0 {
		return false, err
	}
	ids, users, amounts := make([][16]byte, len(next)), make([][16]byte, len(next)), make([]int64, len(next))
	for i, c := range next {
		ids[i], users[i], amounts[i] = ledger.RefundID(e.MissionID, c.UserID), c.UserID, int64(c.Amount)
	}
	const call = `SELECT refund_fast($1, $2, $3, $4, $5)`
	_, err = d.pool.Exec(ctx, call, e.MissionID, e.settledThrough, ids, users, amounts)
	if code := codeOf(err); code == codeNotFastRefund || code == codeUnique || again(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("call refund_fast for %d contributors: %w", len(next), err)
	}
	return true, nil
}

// readContributions reads what the next contributors by id put in.
func (d *DB) readContributions(ctx context.Context, e escrowRow, limit int) ([]ledger.Contribution, error) {
	const read = `SELECT user_id, amount FROM contributions WHERE mission_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`
	rows, err := d.pool.Query(ctx, read, e.MissionID, e.settledThrough, limit)
	if err != nil {
		return nil, fmt.Errorf("read contributions: %w", err)
	}
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
