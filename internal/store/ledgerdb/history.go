package ledgerdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// Cash returns a user's available and held cash. The error is fault.NotFound.
//
// Held is the sum of the user's own holds in escrows that are not settled.
// While refunds run, a contributor whose refund is done has the cash in the
// wallet, so it is not counted twice. The work grows with the number of
// missions that the user has bet on, never with the number of bets.
func (db *DB) Cash(ctx context.Context, user uuid.UUID) (ledger.Cash, error) {
	return CashOf(ctx, db.pool, user)
}

// CashOf is Cash for a transaction that must not go on with other figures.
func CashOf(ctx context.Context, on pg.Querier, user uuid.UUID) (ledger.Cash, error) {
	const query = `
		SELECT w.cash, coalesce((
		  SELECT sum(c.amount - CASE WHEN l.refunded THEN l.amount ELSE 0 END)::bigint
		  FROM contributions c JOIN escrows e USING (mission_id)
		  LEFT JOIN late_bets l ON l.mission_id = c.mission_id AND l.user_id = c.user_id
		  WHERE c.user_id = $1 AND e.settled_at IS NULL AND (e.ending IS NULL OR e.settled_through < $1)), 0)
		FROM wallets w WHERE w.user_id = $1`
	var cash ledger.Cash
	err := on.QueryRow(ctx, query, user).Scan(&cash.Available, &cash.Held)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Cash{}, fault.NotFound.Because("This user does not exist.")
	}
	if err != nil {
		return ledger.Cash{}, fmt.Errorf("read cash: %w", err)
	}
	return cash, nil
}

// Wallets returns the wallets of many users, in the order of the arguments. A
// user who does not exist has an empty one.
func (db *DB) Wallets(ctx context.Context, users []uuid.UUID) ([]account.Wallet, error) {
	const query = `SELECT u.id, w.cash, u.generation FROM users u JOIN wallets w ON w.user_id = u.id WHERE u.id = ANY($1)`
	found := make(map[uuid.UUID]account.Wallet, len(users))
	rows, _ := db.pool.Query(ctx, query, pg.IDs(users))
	var id uuid.UUID
	var w account.Wallet
	_, err := pgx.ForEachRow(rows, []any{&id, &w.Cash, &w.Generation}, func() error {
		found[id] = w
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read wallets: %w", err)
	}
	wallets := make([]account.Wallet, len(users))
	for i, user := range users {
		wallets[i] = found[user]
	}
	return wallets, nil
}

// Statement lists the movements of a user's wallet, newest first, with sequence
// numbers below before (math.MaxInt64 for the first page). Declined bets moved
// nothing and are left out.
func (db *DB) Statement(ctx context.Context, user uuid.UUID, before int64, limit int) ([]ledger.StatementLine, error) {
	const query = `
		SELECT id, seq, kind, CASE kind WHEN 'hold' THEN -amount ELSE amount END,
		       coalesce(mission_id, '00000000-0000-0000-0000-000000000000'), balance_after, created_at
		FROM ledger WHERE user_id = $1 AND seq < $2 AND kind <> 'decline'
		ORDER BY seq DESC LIMIT $3`
	rows, _ := db.pool.Query(ctx, query, user, before, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (l ledger.StatementLine, err error) {
		err = row.Scan(&l.ID, &l.Seq, &l.Kind, &l.Amount, &l.MissionID, &l.BalanceAfter, &l.CreatedAt)
		return l, err
	}, "read a statement")
}

// Ranking lists the contributors of a mission and their amounts, largest first,
// after the given place (amount math.MaxInt64 for the first page). Equal
// amounts are in the order of user ids. It may lag behind the bets by a few
// seconds.
func (db *DB) Ranking(ctx context.Context, missionID uuid.UUID, after ledger.Standing, limit int) ([]ledger.Standing, error) {
	const query = `
		SELECT s.user_id, u.display_name, s.amount
		FROM standings s JOIN users u ON u.id = s.user_id
		WHERE s.mission_id = $1 AND s.amount <= $2 AND (s.amount < $2 OR s.user_id > $3)
		ORDER BY s.amount DESC, s.user_id LIMIT $4`
	rows, _ := db.pool.Query(ctx, query, missionID, after.Amount, after.UserID, limit)
	return pg.All(rows, pgx.RowToStructByPos[ledger.Standing], "read a ranking")
}
