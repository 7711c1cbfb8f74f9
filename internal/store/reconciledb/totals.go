package reconciledb

import (
	"context"
	"fmt"

	"example.com/missionpot/internal/core/ledger"
)

// Totals reads the books in one statement, so all figures are of one moment. It
// reads every wallet, escrow and charge, which takes about a second for ten
// million rows, so callers must not call it often.
//
// The ages are those of a stray's log entry, and of the closing of the escrow
// that a mail is about. A mail that was refused counts until it is sent,
// because its reader still waits for it. A mail that was never tried and is not
// due yet does not count: it waits for the end of a pause.
func (db *DB) Totals(ctx context.Context) (ledger.Totals, error) {
	const read = `SELECT
		(SELECT coalesce(sum(cash), 0)::bigint FROM wallets),
		(SELECT coalesce(sum(inflow - outflow), 0)::bigint FROM escrows),
		(SELECT coalesce(sum(amount), 0)::bigint FROM charges WHERE status = 'succeeded'),
		(SELECT coalesce(clock_timestamp() - min((s.bet ->> 'LoggedAt')::timestamptz), '0')
			FROM strays s WHERE NOT EXISTS (SELECT FROM ledger l WHERE l.id = s.bet_id)),
		(SELECT coalesce(clock_timestamp() - min(e.closed_at), '0')
			FROM escrows e WHERE e.mission_id IN (SELECT m.mission_id FROM mails m
				WHERE m.state <> 'sent' AND (m.attempts > 0 OR m.due_at <= clock_timestamp())))`
	var a ledger.Totals
	err := db.pool.QueryRow(ctx, read).Scan(&a.Wallets, &a.Escrows, &a.Charged, &a.OldestUndecided, &a.OldestUnsent)
	if err != nil {
		return ledger.Totals{}, fmt.Errorf("total the books: %w", err)
	}
	return a, nil
}
