package ledgerdb

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// clocksApart is how far the clock of this instance may be behind the log's: a
// bet's row is at most that much older than its entry in the log. Both clocks
// are Google's and milliseconds apart. A minute costs almost nothing, because
// the extra rows are only scanned.
const clocksApart = time.Minute

// findLate records, once, what was bet on a mission at the moment of its
// verdict or later. The escrow is closed, so no more bets are held. The rows of
// the ledger are found by the time they were written, between the verdict and
// the closing.
func findLate(ctx context.Context, tx pgx.Tx, e escrowRow) error {
	const find = `WITH late AS (
			INSERT INTO late_bets (mission_id, user_id, amount)
			SELECT mission_id, user_id, sum(amount)::bigint FROM ledger
			WHERE created_at >= $2::timestamptz - $3::interval AND logged_at >= $2 AND mission_id = $1 AND kind = 'hold'
			GROUP BY mission_id, user_id
			ON CONFLICT (mission_id, user_id) DO NOTHING
			RETURNING amount
		)
		SELECT coalesce(sum(amount), 0)::bigint FROM late`
	const note = `UPDATE escrows SET late_known = true, late = $2
		WHERE mission_id = $1 AND NOT late_known AND state = 'closed' AND settled_at IS NULL`
	var late ledger.Won
	if !e.DecidedAt.IsZero() {
		if err := tx.QueryRow(ctx, find, e.MissionID, e.DecidedAt, clocksApart).Scan(&late); err != nil {
			return fmt.Errorf("look for bets after the verdict: %w", err)
		}
	}
	done, err := tx.Exec(ctx, note, e.MissionID, late)
	if err != nil {
		return fmt.Errorf("note the bets after the verdict: %w", err)
	}
	if done.RowsAffected() == 0 {
		return errOvertaken
	}
	return nil
}

// refundLate refunds the bets that the next contributors made after the
// verdict. A wallet is credited only for a row that this insert made.
func refundLate(ctx context.Context, tx pgx.Tx, e escrowRow, limit int) error {
	chunk, err := nextLate(ctx, tx, e.MissionID, limit)
	if err != nil {
		return err
	}
	ids, users := make([]uuid.UUID, len(chunk)), make([]uuid.UUID, len(chunk))
	for i, c := range chunk {
		ids[i], users[i] = ledger.LateRefundID(e.MissionID, c.UserID), c.UserID
	}
	out, err := credit(ctx, tx, e.MissionID, ids, chunk)
	if err != nil {
		return err
	}
	const mark = `UPDATE late_bets SET refunded = true WHERE mission_id = $1 AND user_id = ANY($2)`
	if _, err := tx.Exec(ctx, mark, e.MissionID, pg.IDs(users)); err != nil {
		return fmt.Errorf("mark %d late bets as refunded: %w", len(users), err)
	}
	return advance(ctx, tx, e, out, e.settledThrough)
}

// nextLate reads the next late bets to refund, and locks their wallets in the
// order of the users.
func nextLate(ctx context.Context, tx pgx.Tx, mission uuid.UUID, limit int) ([]contribution, error) {
	const read = `SELECT l.user_id, l.amount, w.cash FROM late_bets l JOIN wallets w ON w.user_id = l.user_id
		WHERE l.mission_id = $1 AND NOT l.refunded ORDER BY l.user_id LIMIT $2 FOR UPDATE OF w`
	rows, _ := tx.Query(ctx, read, mission, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (contribution, error) {
		var c contribution
		err := row.Scan(&c.UserID, &c.Amount, &c.cash)
		return c, err
	}, "read late bets")
}
