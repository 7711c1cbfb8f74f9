package reconciledb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/store/pg"
)

// MissionIDs implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	read := `(SELECT mission_id FROM escrows WHERE mission_id > $1 ORDER BY mission_id LIMIT $2)
		UNION (SELECT mission_id FROM ` + s.notes + `books_missions WHERE mission_id > $1 AND holds + payouts + refunds > 0 ORDER BY mission_id LIMIT $2)
		ORDER BY mission_id LIMIT $2`
	rows, _ := s.tx.Query(ctx, read, after, limit)
	return pg.All(rows, pgx.RowTo[uuid.UUID], "list the escrows")
}

// Escrows implements reconcile.LedgerSnapshot. A mission without an escrow and
// without rows is not in the result.
func (s *bookSnapshot) Escrows(ctx context.Context, missions []uuid.UUID) (map[uuid.UUID]reconcile.Escrow, error) {
	read := `SELECT m.id, e.mission_id IS NULL, coalesce(e.state = 'closed', false), coalesce(e.ending, ''), coalesce(e.inflow, 0), coalesce(e.outflow, 0),
			coalesce(e.contributors, 0), coalesce(e.version, 0), e.changed_at, e.closed_at, e.settled_at,
			coalesce(b.held, 0), coalesce(b.holds, 0), coalesce(b.declines, 0), coalesce(b.paid, 0), coalesce(b.payouts, 0),
			coalesce(b.refunded, 0), coalesce(b.refunds, 0), coalesce(b.logged, 0), c.given, c.givers, coalesce(e.late, 0),
			(SELECT count(*) FROM late_bets o WHERE o.mission_id = m.id), (SELECT coalesce(sum(amount), 0)::bigint FROM late_bets o WHERE o.mission_id = m.id),
			(SELECT count(*) FROM ` + s.notes + `books_pending p WHERE p.mission_id = m.id),
			CASE WHEN e.settled_at IS NULL THEN 0 ELSE (
				SELECT count(*) FROM (SELECT user_id FROM contributions WHERE mission_id = m.id UNION SELECT e.creator_id
					UNION SELECT e.streamer_id WHERE e.ending <> 'unfunded') p
				WHERE p.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mails l WHERE l.mission_id = m.id AND l.user_id = p.user_id)) END
		FROM unnest($1::uuid[]) AS m (id)
		LEFT JOIN escrows e ON e.mission_id = m.id
		LEFT JOIN ` + s.notes + `books_missions b ON b.mission_id = m.id
		CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS given, count(*) AS givers FROM contributions c WHERE c.mission_id = m.id) c`
	tail, err := s.afterwards(ctx)
	if err != nil {
		return nil, err
	}
	rows, _ := s.tx.Query(ctx, read, pg.IDs(missions))
	all, err := pgx.CollectRows(rows, scanEscrow)
	if err != nil {
		return nil, fmt.Errorf("read %d escrows: %w", len(missions), err)
	}
	found := make(map[uuid.UUID]reconcile.Escrow, len(all))
	for _, e := range all {
		e.Rows = e.Rows.Plus(tail[e.MissionID])
		if !e.Missing || e.Rows != (reconcile.Rows{}) {
			found[e.MissionID] = e
		}
	}
	return found, nil
}

func scanEscrow(row pgx.CollectableRow) (reconcile.Escrow, error) {
	var e reconcile.Escrow
	var changed, closed, settled *time.Time
	r := &e.Rows
	err := row.Scan(&e.MissionID, &e.Missing, &e.Closed, &e.Ending, &e.Inflow, &e.Outflow, &e.Contributors, &e.Version, &changed, &closed, &settled,
		&r.Held, &r.Holds, &r.Declines, &r.Paid, &r.Payouts, &r.Refunded, &r.Refunds, &r.Logged, &e.Given, &e.Givers, &e.Late, &e.LateGivers, &e.LateGiven, &e.Pending, &e.Unmailed)
	for at, to := range map[*time.Time]*time.Time{changed: &e.ChangedAt, closed: &e.ClosedAt, settled: &e.SettledAt} {
		if at != nil {
			*to = at.UTC()
		}
	}
	return e, err
}

// Wallets implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Wallets(ctx context.Context, after uuid.UUID, limit int) (last uuid.UUID, wallets int, found []reconcile.Finding, err error) {
	rows, _ := s.tx.Query(ctx, `SELECT user_id FROM wallets WHERE user_id > $1 ORDER BY user_id LIMIT $2`, after, limit)
	users, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return uuid.Nil, 0, nil, fmt.Errorf("list wallets: %w", err)
	}
	if len(users) == 0 {
		return uuid.Nil, 0, nil, nil
	}
	last = users[len(users)-1]
	const read = `SELECT w.user_id, coalesce(l.balance_after, 0), w.cash FROM wallets w
		LEFT JOIN LATERAL (SELECT balance_after FROM ledger l WHERE l.user_id = w.user_id AND l.kind <> 'decline' ORDER BY l.seq DESC LIMIT 1) l ON true
		WHERE w.user_id > $1 AND w.user_id <= $2 AND w.cash <> coalesce(l.balance_after, 0) LIMIT $3`
	var stretch reconcile.Stretch
	err = s.find(ctx, &stretch, reconcile.Finding{Rule: 1, Subject: reconcile.OfUser, What: walletDiffers}, read, after, last, maxFound)
	if err != nil {
		return uuid.Nil, 0, nil, fmt.Errorf("check wallets: %w", err)
	}
	return last, len(users), stretch.Findings, nil
}

// Outcomes implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) Outcomes(ctx context.Context, bets []ledger.Bet) ([]reconcile.Outcome, error) {
	const read = `SELECT l.id IS NOT NULL, coalesce(l.kind, ''), coalesce(l.user_id, b.id), coalesce(l.mission_id, b.id), coalesce(l.amount, 0), s.bet_id IS NOT NULL
		FROM unnest($1::uuid[]) WITH ORDINALITY AS b (id, place)
		LEFT JOIN ledger l ON l.id = b.id LEFT JOIN strays s ON s.bet_id = b.id ORDER BY b.place`
	rows, _ := s.tx.Query(ctx, read, pg.IDs(idsOf(bets)))
	return pg.All(rows, pgx.RowToStructByPos[reconcile.Outcome], "read the outcomes of %d entries", len(bets))
}

// PassEntries implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) PassEntries(ctx context.Context, shard int, through ledger.Mark, passed, pending []ledger.Bet) error {
	missions := make([]uuid.UUID, len(passed))
	for i, b := range passed {
		missions[i] = b.MissionID
	}
	count := `INSERT INTO ` + s.notes + `books_missions AS b (mission_id, logged)
		SELECT id, count(*) FROM unnest($1::uuid[]) AS m (id) GROUP BY id
		ON CONFLICT (mission_id) DO UPDATE SET logged = b.logged + excluded.logged`
	if _, err := s.tx.Exec(ctx, count, pg.IDs(missions)); err != nil {
		return fmt.Errorf("count the entries of shard %d: %w", shard, err)
	}
	advance := `UPDATE ` + s.notes + `books_shards SET logged_at = $2, entry = $3 WHERE shard = $1`
	if _, err := s.tx.Exec(ctx, advance, shard, through.LoggedAt, through.Entry); err != nil {
		return fmt.Errorf("move the mark of shard %d: %w", shard, err)
	}
	insert := `INSERT INTO ` + s.notes + `books_pending (bet_id, mission_id, bet) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	for _, b := range pending {
		encoded, err := json.Marshal(b)
		if err != nil {
			return fmt.Errorf("encode bet %s: %w", b.ID, err)
		}
		if _, err := s.tx.Exec(ctx, insert, b.ID, b.MissionID, encoded); err != nil {
			return fmt.Errorf("keep bet %s as pending: %w", b.ID, err)
		}
	}
	return nil
}

// PendingBets implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) PendingBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error) {
	read := `SELECT bet FROM ` + s.notes + `books_pending WHERE bet_id > $1 ORDER BY bet_id LIMIT $2`
	rows, _ := s.tx.Query(ctx, read, after, limit)
	return pg.All(rows, pgx.RowTo[ledger.Bet], "read pending bets")
}

// ForgetPending implements reconcile.LedgerSnapshot.
func (s *bookSnapshot) ForgetPending(ctx context.Context, bets []ledger.Bet) error {
	if len(bets) == 0 {
		return nil
	}
	if _, err := s.tx.Exec(ctx, `DELETE FROM `+s.notes+`books_pending WHERE bet_id = ANY($1)`, pg.IDs(idsOf(bets))); err != nil {
		return fmt.Errorf("forget %d pending bets: %w", len(bets), err)
	}
	return nil
}

func idsOf(bets []ledger.Bet) []uuid.UUID {
	ids := make([]uuid.UUID, len(bets))
	for i, b := range bets {
		ids[i] = b.ID
	}
	return ids
}
