package ledgerdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// escrowRow is a closed escrow as a chunk of its settlement reads it.
type escrowRow struct {
	ledger.Closing
	state          string
	inflow         ledger.Won
	outflow        ledger.Won
	lateKnown      bool
	late           ledger.Won // of the inflow, what came after the verdict
	contributors   int
	version        int64
	settledThrough uuid.UUID
	settledAt      *time.Time
}

// SettleChunk does the next part of a settlement in one bounded transaction:
// the payout, or the refunds of at most limit contributors, each with the mails
// that report it. It returns the final figures once the escrow is empty and all
// mails are written, and nil while there is more to do.
//
// Any number of callers may settle the same mission at once: a chunk that
// another caller did first is rolled back. What is paid follows from the ending
// stored in the escrow, never from the message.
func (db *DB) SettleChunk(ctx context.Context, mission uuid.UUID, limit int) (*ledger.Settlement, error) {
	return db.SettleChunks(ctx, mission, limit, 1)
}

// SettleChunks is like SettleChunk, except that it runs up to atOnce chunks of
// refunds at once.
//
// Most chunks are refunds that were not made before. Those take the fast path,
// which does not lock before it writes. Any other chunk is done alone, under
// the locks.
func (db *DB) SettleChunks(ctx context.Context, mission uuid.UUID, limit, atOnce int) (*ledger.Settlement, error) {
	e, err := readEscrow(ctx, db.pool, mission)
	if err == nil && !e.Ending.Pays() && e.settledAt == nil {
		var forward bool
		if forward, err = db.refundFast(ctx, e, limit, atOnce); forward {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("settle mission %s: %w", mission, lasting(err))
	}
	return db.settleExact(ctx, mission, limit)
}

// Transactions returns the number of writing transactions of the whole server
// so far, including those under way.
func (db *DB) Transactions(ctx context.Context) (uint64, error) {
	var count uint64
	if err := db.pool.QueryRow(ctx, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`).Scan(&count); err != nil {
		return 0, fmt.Errorf("count the transactions: %w", err)
	}
	return count, nil
}

// settleExact does the next part of a settlement, whatever it is.
func (db *DB) settleExact(ctx context.Context, mission uuid.UUID, limit int) (*ledger.Settlement, error) {
	var settled *ledger.Settlement
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		settled = nil
		e, err := readEscrow(ctx, tx, mission)
		if err != nil {
			return err
		}
		if e.settledAt != nil {
			settled = e.settlement()
			return nil
		}
		return settleNext(ctx, tx, e, limit)
	})
	if errors.Is(err, errOvertaken) || again(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settle mission %s: %w", mission, lasting(err))
	}
	return settled, nil
}

// ErrNotClosed is returned when a settlement is asked for before a verdict.
var ErrNotClosed = errors.New("the escrow is not closed")

func readEscrow(ctx context.Context, on pg.Querier, mission uuid.UUID) (escrowRow, error) {
	const read = `SELECT state, coalesce(ending, ''), coalesce(streamer_id, mission_id), coalesce(creator_id, mission_id), coalesce(title, ''),
			decided_at, inflow, outflow, late_known, late, contributors, version, settled_through, settled_at
		FROM escrows WHERE mission_id = $1`
	e := escrowRow{Closing: ledger.Closing{MissionID: mission}}
	var decided *time.Time
	err := on.QueryRow(ctx, read, mission).Scan(&e.state, &e.Ending, &e.StreamerID, &e.CreatorID, &e.Title,
		&decided, &e.inflow, &e.outflow, &e.lateKnown, &e.late, &e.contributors, &e.version, &e.settledThrough, &e.settledAt)
	if decided != nil {
		e.DecidedAt = decided.UTC()
	}
	if errors.Is(err, pgx.ErrNoRows) || err == nil && e.state != "closed" {
		return e, ErrNotClosed
	}
	if err != nil {
		return e, fmt.Errorf("read the escrow: %w", err)
	}
	return e, nil
}

func (e escrowRow) settlement() *ledger.Settlement {
	s := &ledger.Settlement{
		Pot:    ledger.Pot{MissionID: e.MissionID, Amount: e.inflow, Contributors: e.contributors, Version: e.version},
		Ending: e.Ending, SettledAt: e.settledAt.UTC(),
	}
	s.Refunded = e.outflow
	if e.Ending.Pays() {
		s.Paid, s.Refunded = e.outflow-e.late, e.late
	}
	return s
}

// settleNext does one chunk. For a mission that succeeded, the late bets come
// first and then the streamer's payout, if there is one. Then it handles the
// contributors one after another. It finishes when none is left.
func settleNext(ctx context.Context, tx pgx.Tx, e escrowRow, limit int) error {
	switch {
	case e.Ending.Pays() && !e.lateKnown:
		return findLate(ctx, tx, e)
	case e.Ending.Pays() && e.outflow < e.late:
		return refundLate(ctx, tx, e, limit)
	case e.Ending.Pays() && e.outflow < e.inflow:
		out, err := payout(ctx, tx, e)
		if err != nil {
			return err
		}
		return advance(ctx, tx, e, out, e.settledThrough)
	}
	chunk, err := nextContributions(ctx, tx, e, limit)
	if err != nil {
		return err
	}
	if len(chunk) == 0 {
		return finish(ctx, tx, e)
	}
	var out ledger.Won
	if !e.Ending.Pays() {
		if out, err = refund(ctx, tx, e.MissionID, chunk); err != nil {
			return err
		}
	}
	if err := queueMails(ctx, tx, e, contributorMails(e, chunk)); err != nil {
		return err
	}
	return advance(ctx, tx, e, out, chunk[len(chunk)-1].UserID)
}

// contribution is what one user put in, and their wallet's cash under lock.
type contribution struct {
	ledger.Contribution
	cash ledger.Won
}

// nextContributions reads the next contributors by id, and locks their wallets
// in that order if they are to be refunded.
func nextContributions(ctx context.Context, tx pgx.Tx, e escrowRow, limit int) ([]contribution, error) {
	query := `SELECT c.user_id, c.amount, coalesce(l.amount, 0), w.cash FROM contributions c JOIN wallets w ON w.user_id = c.user_id
		LEFT JOIN late_bets l ON l.mission_id = c.mission_id AND l.user_id = c.user_id
		WHERE c.mission_id = $1 AND c.user_id > $2 ORDER BY c.user_id LIMIT $3`
	if !e.Ending.Pays() {
		query += ` FOR UPDATE OF w`
	}
	rows, _ := tx.Query(ctx, query, e.MissionID, e.settledThrough, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (contribution, error) {
		var c contribution
		err := row.Scan(&c.UserID, &c.Amount, &c.Late, &c.cash)
		return c, err
	}, "read contributions")
}

// refund pays contributors back what they contributed, and returns the sum.
func refund(ctx context.Context, tx pgx.Tx, mission uuid.UUID, chunk []contribution) (ledger.Won, error) {
	ids := make([]uuid.UUID, len(chunk))
	for i, c := range chunk {
		ids[i] = ledger.RefundID(mission, c.UserID)
	}
	return credit(ctx, tx, mission, ids, chunk)
}

// credit writes refunds under their ids, and returns their sum. A wallet is
// credited only for a row that this insert made.
func credit(ctx context.Context, tx pgx.Tx, mission uuid.UUID, ids []uuid.UUID, chunk []contribution) (ledger.Won, error) {
	users, amounts, balances := make([]uuid.UUID, len(chunk)), make([]int64, len(chunk)), make([]int64, len(chunk))
	for i, c := range chunk {
		users[i], amounts[i], balances[i] = c.UserID, int64(c.Amount), int64(c.cash+c.Amount)
	}
	const pay = `WITH refunded AS (
			INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
			SELECT r.id, 'refund', r.user_id, $1, r.amount, r.balance_after
			FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) AS r (id, user_id, amount, balance_after)
			ON CONFLICT (id) DO NOTHING
			RETURNING user_id, amount
		), credited AS (
			UPDATE wallets w SET cash = w.cash + r.amount FROM refunded r WHERE w.user_id = r.user_id RETURNING r.amount
		)
		SELECT coalesce(sum(amount), 0)::bigint FROM credited`
	var out ledger.Won
	if err := tx.QueryRow(ctx, pay, mission, pg.IDs(ids), pg.IDs(users), amounts, balances).Scan(&out); err != nil {
		return 0, fmt.Errorf("refund %d contributors: %w", len(chunk), err)
	}
	return out, nil
}

// advance takes the chunk's cash out of the escrow and records how far the
// settlement came. It is the last statement, and finds no row if another chunk
// was faster.
func advance(ctx context.Context, tx pgx.Tx, e escrowRow, out ledger.Won, through uuid.UUID) error {
	const update = `UPDATE escrows SET outflow = outflow + $3, settled_through = $4
		WHERE mission_id = $1 AND settled_through = $2 AND outflow = $5 AND state = 'closed' AND settled_at IS NULL`
	done, err := tx.Exec(ctx, update, e.MissionID, e.settledThrough, out, through, e.outflow)
	if err != nil {
		return fmt.Errorf("advance the settlement: %w", err)
	}
	if done.RowsAffected() == 0 {
		return errOvertaken
	}
	return nil
}

// finish writes the remaining mails and marks the escrow as settled. The escrow
// must be empty, or the database refuses the mark.
func finish(ctx context.Context, tx pgx.Tx, e escrowRow) error {
	if err := queueMails(ctx, tx, e, principalMails(e)); err != nil {
		return err
	}
	const stamp = `UPDATE escrows SET settled_at = clock_timestamp()
		WHERE mission_id = $1 AND settled_through = $2 AND state = 'closed' AND settled_at IS NULL`
	done, err := tx.Exec(ctx, stamp, e.MissionID, e.settledThrough)
	if err != nil {
		return fmt.Errorf("mark the escrow as settled: %w", err)
	}
	if done.RowsAffected() == 0 {
		return errOvertaken
	}
	return nil
}

// payout moves the pot to the streamer's wallet and returns the amount.
func payout(ctx context.Context, tx pgx.Tx, e escrowRow) (ledger.Won, error) {
	const lock = `SELECT cash FROM wallets WHERE user_id = $1 FOR UPDATE`
	const pay = `WITH paid AS (
			INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
			VALUES ($1, 'payout', $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING
			RETURNING user_id, amount
		), credited AS (
			UPDATE wallets w SET cash = w.cash + p.amount FROM paid p WHERE w.user_id = p.user_id RETURNING p.amount
		)
		SELECT coalesce(sum(amount), 0)::bigint FROM credited`
	var cash, out ledger.Won
	if err := tx.QueryRow(ctx, lock, e.StreamerID).Scan(&cash); err != nil {
		return 0, fmt.Errorf("lock the wallet of streamer %s: %w", e.StreamerID, err)
	}
	pot := e.inflow - e.outflow
	err := tx.QueryRow(ctx, pay, ledger.PayoutID(e.MissionID), e.StreamerID, e.MissionID, pot, cash+pot).Scan(&out)
	if err != nil {
		return 0, fmt.Errorf("pay the pot to streamer %s: %w", e.StreamerID, err)
	}
	return out, nil
}
