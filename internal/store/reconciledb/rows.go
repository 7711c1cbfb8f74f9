package reconciledb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/reconcile"
)

// maxFound is how many findings of one kind are reported for a stretch of the ledger.
const maxFound = 100

// rowSums adds up rows of the ledger.
const rowSums = `coalesce(sum(amount) FILTER (WHERE kind = 'hold'), 0)::bigint, count(*) FILTER (WHERE kind = 'hold'),
	count(*) FILTER (WHERE kind = 'decline'),
	coalesce(sum(amount) FILTER (WHERE kind = 'payout'), 0)::bigint, count(*) FILTER (WHERE kind = 'payout'),
	coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::bigint, count(*) FILTER (WHERE kind = 'refund')`

// ReadOn implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) ReadOn(ctx context.Context, limit int64) (reconcile.Stretch, error) {
	through := min(s.seq+limit, s.limit)
	if through <= s.seq {
		return reconcile.Stretch{}, nil
	}
	var stretch reconcile.Stretch
	for _, read := range []func(context.Context, int64, *reconcile.Stretch) error{s.addUp, s.chain, s.chargeRows, s.settlementRows, s.touchedWallets} {
		if err := read(ctx, through, &stretch); err != nil {
			return reconcile.Stretch{}, fmt.Errorf("read the ledger from row %d to %d: %w", s.seq, through, err)
		}
	}
	s.seq = through
	stretch.More = through < s.limit
	return stretch, nil
}

// addUp adds the rows to the notes of their missions and of the charges.
func (s *bookSnapshot) addUp(ctx context.Context, through int64, stretch *reconcile.Stretch) error {
	add := `INSERT INTO ` + s.notes + `books_missions AS b (mission_id, held, holds, declines, paid, payouts, refunded, refunds)
		SELECT mission_id, ` + rowSums + ` FROM ledger WHERE seq > $1 AND seq <= $2 AND mission_id IS NOT NULL GROUP BY mission_id
		ON CONFLICT (mission_id) DO UPDATE SET held = b.held + excluded.held, holds = b.holds + excluded.holds,
			declines = b.declines + excluded.declines, paid = b.paid + excluded.paid, payouts = b.payouts + excluded.payouts,
			refunded = b.refunded + excluded.refunded, refunds = b.refunds + excluded.refunds
		RETURNING mission_id`
	rows, _ := s.tx.Query(ctx, add, s.seq, through)
	missions, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	stretch.Missions = missions
	note := `UPDATE ` + s.notes + `books_state b SET seq = $2, charged = b.charged + l.amount, charges = b.charges + l.charges
		FROM (SELECT coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0)::bigint AS amount, count(*) FILTER (WHERE kind = 'charge') AS charges,
			count(*) AS rows FROM ledger WHERE seq > $1 AND seq <= $2) l RETURNING l.rows`
	return s.tx.QueryRow(ctx, note, s.seq, through).Scan(&stretch.Rows)
}

// chain checks that each balance follows from the one before it. Because every
// row is read once, the last row's balance is then the sum of all rows of the
// wallet.
func (s *bookSnapshot) chain(ctx context.Context, through int64, stretch *reconcile.Stretch) error {
	const read = `WITH stretch AS (
			SELECT id, seq, user_id, balance_after, CASE kind WHEN 'hold' THEN -amount ELSE amount END AS change,
				lag(balance_after) OVER (PARTITION BY user_id ORDER BY seq) AS before
			FROM ledger WHERE seq > $1 AND seq <= $2 AND kind <> 'decline'
		), chained AS (
			SELECT s.id, s.seq, s.balance_after, s.change + coalesce(s.before, (
				SELECT p.balance_after FROM ledger p WHERE p.user_id = s.user_id AND p.seq < s.seq AND p.kind <> 'decline' ORDER BY p.seq DESC LIMIT 1
			), 0) AS follows FROM stretch s
		)
		SELECT id, follows, balance_after FROM chained WHERE balance_after <> follows ORDER BY seq LIMIT $3`
	return s.find(ctx, stretch, reconcile.Finding{Rule: 1, Subject: reconcile.OfMovement, What: "the wallet's balance does not follow from the one before"},
		read, s.seq, through, maxFound)
}

// chargeRows checks that each charge in the ledger has succeeded.
func (s *bookSnapshot) chargeRows(ctx context.Context, through int64, stretch *reconcile.Stretch) error {
	const read = `SELECT l.id, coalesce(c.amount, 0), l.amount FROM ledger l LEFT JOIN charges c ON c.id = l.id AND c.user_id = l.user_id AND c.status = 'succeeded'
		WHERE l.seq > $1 AND l.seq <= $2 AND l.kind = 'charge' AND c.amount IS DISTINCT FROM l.amount LIMIT $3`
	return s.find(ctx, stretch, reconcile.Finding{Rule: 3, Subject: reconcile.OfCharge, What: "the ledger credits a charge that did not succeed so"},
		read, s.seq, through, maxFound)
}

// settlementRows checks that each refund is what the user contributed, or
// contributed after the verdict of a mission that succeeded, and that each
// payout is the pot and went to its streamer.
func (s *bookSnapshot) settlementRows(ctx context.Context, through int64, stretch *reconcile.Stretch) error {
	const refunds = `SELECT l.id, coalesce(p.amount, 0), l.amount FROM ledger l
		CROSS JOIN LATERAL (SELECT CASE WHEN e.ending = 'succeeded' THEN b.amount ELSE c.amount END AS amount
			FROM escrows e
			LEFT JOIN contributions c ON c.mission_id = e.mission_id AND c.user_id = l.user_id
			LEFT JOIN late_bets b ON b.mission_id = e.mission_id AND b.user_id = l.user_id
			WHERE e.mission_id = l.mission_id) AS p
		WHERE l.seq > $1 AND l.seq <= $2 AND l.kind = 'refund' AND p.amount IS DISTINCT FROM l.amount LIMIT $3`
	const payouts = `SELECT l.id, coalesce(e.inflow - e.late, 0), l.amount FROM ledger l
		LEFT JOIN escrows e ON e.mission_id = l.mission_id AND e.streamer_id = l.user_id
		WHERE l.seq > $1 AND l.seq <= $2 AND l.kind = 'payout' AND e.inflow - e.late IS DISTINCT FROM l.amount LIMIT $3`
	err := s.find(ctx, stretch, reconcile.Finding{Rule: 5, Subject: reconcile.OfMovement, What: "a refund is not what the user put in"},
		refunds, s.seq, through, maxFound)
	if err != nil {
		return err
	}
	return s.find(ctx, stretch, reconcile.Finding{Rule: 5, Subject: reconcile.OfMovement, What: "a payout is not the pot, or not to its streamer"},
		payouts, s.seq, through, maxFound)
}

// touchedWallets compares the wallets of the rows with their last row, which
// may be newer than the stretch. A whole check compares all wallets anyway.
func (s *bookSnapshot) touchedWallets(ctx context.Context, through int64, stretch *reconcile.Stretch) error {
	const read = `SELECT u.user_id, l.balance_after, coalesce(w.cash, -1)
		FROM (SELECT DISTINCT user_id FROM ledger WHERE seq > $1 AND seq <= $2 AND kind <> 'decline') u
		LEFT JOIN wallets w USING (user_id)
		CROSS JOIN LATERAL (SELECT balance_after FROM ledger l WHERE l.user_id = u.user_id AND l.kind <> 'decline' ORDER BY l.seq DESC LIMIT 1) l
		WHERE w.cash IS DISTINCT FROM l.balance_after LIMIT $3`
	return s.find(ctx, stretch, reconcile.Finding{Rule: 1, Subject: reconcile.OfUser, What: walletDiffers}, read, s.seq, through, maxFound)
}

const walletDiffers = "the wallet is not the sum of its rows"

// find turns rows of (id, want, got) into findings.
func (s *bookSnapshot) find(ctx context.Context, stretch *reconcile.Stretch, f reconcile.Finding, query string, args ...any) error {
	f.Grade = reconcile.Broken
	rows, _ := s.tx.Query(ctx, query, args...)
	_, err := pgx.ForEachRow(rows, []any{&f.ID, &f.Want, &f.Got}, func() error {
		stretch.Findings = append(stretch.Findings, f)
		return nil
	})
	return err
}

// Charged implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Charged(ctx context.Context) (amount ledger.Won, charges int64, err error) {
	read := `SELECT (b.charged + l.amount)::bigint, b.charges + l.charges FROM ` + s.notes + `books_state b,
		(SELECT coalesce(sum(amount), 0)::bigint AS amount, count(*) AS charges FROM ledger WHERE seq > $1 AND kind = 'charge') l`
	if err := s.tx.QueryRow(ctx, read, s.seq).Scan(&amount, &charges); err != nil {
		return 0, 0, fmt.Errorf("add up the charges: %w", err)
	}
	return amount, charges, nil
}

// afterwards returns the sums of the rows that are not in the notes yet, by
// mission. These are the rows of the last minute or two.
func (s *bookSnapshot) afterwards(ctx context.Context) (map[uuid.UUID]reconcile.Rows, error) {
	if s.tail != nil {
		return s.tail, nil
	}
	const read = `SELECT mission_id, ` + rowSums + ` FROM ledger WHERE seq > $1 AND mission_id IS NOT NULL GROUP BY mission_id`
	tail := map[uuid.UUID]reconcile.Rows{}
	rows, _ := s.tx.Query(ctx, read, s.seq)
	var id uuid.UUID
	var r reconcile.Rows
	_, err := pgx.ForEachRow(rows, []any{&id, &r.Held, &r.Holds, &r.Declines, &r.Paid, &r.Payouts, &r.Refunded, &r.Refunds}, func() error {
		tail[id] = r
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("add up the last rows: %w", err)
	}
	s.tail = tail
	return tail, nil
}
