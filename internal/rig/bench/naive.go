package bench

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/ledger"
)

// naive is the plain implementation: one transaction per bet in one database. It debits the user if
// covered, and writes a ledger row, a bet row and the pot. Every statement is prepared; tables have
// their keys and the one index that a list of a mission's bets needs, and no foreign keys, which
// would only slow it down.
type naive struct{ pool *pgxpool.Pool }

const naiveSchema = `
	CREATE TABLE accounts (id uuid PRIMARY KEY, cash bigint NOT NULL CHECK (cash >= 0)) WITH (fillfactor = 70);
	CREATE TABLE pots (id uuid PRIMARY KEY, total bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
	CREATE TABLE bets (
		id uuid PRIMARY KEY, mission_id uuid NOT NULL, user_id uuid NOT NULL, amount bigint NOT NULL,
		status text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
	CREATE INDEX bets_of_mission ON bets (mission_id, id);
	CREATE TABLE ledger (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bet_id uuid NOT NULL, user_id uuid NOT NULL,
		mission_id uuid NOT NULL, amount bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
	CREATE INDEX ledger_of_user ON ledger (user_id, id DESC);`

// naiveDatabase makes a database for the naive way, on the same server as the ledgers.
func (b *Bench) naiveDatabase(ctx context.Context, people []person, missions []uuid.UUID) (dsn string, err error) {
	if dsn, err = b.database(ctx, b.servers.Users, ""); err != nil {
		return "", err
	}
	pool, err := b.pool(ctx, dsn, 1)
	if err != nil {
		return "", err
	}
	if err := execute(ctx, pool, naiveSchema); err != nil {
		return "", err
	}
	if err := copyPeople(ctx, pool, "accounts", people); err != nil {
		return "", err
	}
	if err := copyRows(ctx, pool, "pots", []string{"id"}, missions, func(id uuid.UUID) []any { return []any{id} }); err != nil {
		return "", err
	}
	return dsn, vacuum(ctx, pool)
}

// hold decides one bet. A bet that was decided before changes nothing.
func (n *naive) hold(ctx context.Context, bet ledger.Bet) error {
	const (
		debit = `UPDATE accounts SET cash = cash - $2 WHERE id = $1 AND cash >= $2`
		write = `INSERT INTO bets (id, mission_id, user_id, amount, status) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
		enter = `INSERT INTO ledger (bet_id, user_id, mission_id, amount) VALUES ($1, $2, $3, $4)`
		grow  = `UPDATE pots SET total = total + $2 WHERE id = $1`
	)
	tx, err := n.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
	debited, err := tx.Exec(ctx, debit, bet.UserID, bet.Amount)
	if err != nil {
		return err
	}
	status := "held"
	if debited.RowsAffected() == 0 {
		status = "declined"
	}
	written, err := tx.Exec(ctx, write, bet.ID, bet.MissionID, bet.UserID, bet.Amount, status)
	if err != nil {
		return err
	}
	if written.RowsAffected() == 0 {
		return nil // known: the debit is rolled back
	}
	if status == "declined" {
		return tx.Commit(ctx)
	}
	if _, err := tx.Exec(ctx, enter, bet.ID, bet.UserID, bet.MissionID, bet.Amount); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, grow, bet.MissionID, bet.Amount); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// holdUntilDone retries a bet that a deadlock rolled back, as a client would.
func (n *naive) holdUntilDone(ctx context.Context, bet ledger.Bet) error {
	for {
		err := n.hold(ctx, bet)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "40P01" {
			return err
		}
	}
}
