package peopledb

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/store/pg"
)

// IsOperator reports whether a user is an operator at this moment.
func (db *DB) IsOperator(ctx context.Context, user uuid.UUID) (bool, error) {
	var is bool
	if err := db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM operators WHERE user_id = $1)`, user).Scan(&is); err != nil {
		return false, fmt.Errorf("look for an operator: %w", err)
	}
	return is, nil
}

// GrantOperator gives the operator's role to the account with an address, and
// records that in the audit log. An operator has no cash, so the error is
// fault.Forbidden for an account that ever moved cash or is a streamer's. It is
// fault.NotFound if no user has the address. Granting twice is no error.
func (db *DB) GrantOperator(ctx context.Context, email string, by account.Actor) (uuid.UUID, error) {
	const moved = `
		SELECT u.streamer OR EXISTS (SELECT FROM ledger WHERE user_id = u.id AND kind <> 'decline') OR EXISTS (SELECT FROM charges WHERE user_id = u.id)
		FROM users u WHERE u.id = $1`
	return db.audited(ctx, email, by, account.GrantOperator, func(tx pgx.Tx, id uuid.UUID) error {
		var unfit bool
		if err := tx.QueryRow(ctx, moved, id).Scan(&unfit); err != nil {
			return fmt.Errorf("look for cash of a new operator: %w", err)
		}
		if unfit {
			return fault.Forbidden.Because("An operator needs an account of their own that never moved cash and is not a streamer's.")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO operators (user_id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
			return fmt.Errorf("grant the operator's role: %w", err)
		}
		return nil
	})
}

// RevokeOperator revokes the role, and records that in the audit log. It is
// effective from the next call on. The error is fault.NotFound if no user has
// the address. Revoking it from a user who does not have it is no error.
func (db *DB) RevokeOperator(ctx context.Context, email string, by account.Actor) (uuid.UUID, error) {
	return db.audited(ctx, email, by, account.RevokeOperator, func(tx pgx.Tx, id uuid.UUID) error {
		if _, err := tx.Exec(ctx, `DELETE FROM operators WHERE user_id = $1`, id); err != nil {
			return fmt.Errorf("revoke the operator's role: %w", err)
		}
		return nil
	})
}

// SignOut ends every sign-in of the account with an address, and records that
// in the audit log. It is for a user who has lost a device. The error is
// fault.NotFound if no user has the address. Signing out twice is no error.
func (db *DB) SignOut(ctx context.Context, email string, by account.Actor) (uuid.UUID, error) {
	return db.audited(ctx, email, by, account.SignOut, func(tx pgx.Tx, id uuid.UUID) error { return endSessions(ctx, tx, id) })
}

// audited changes the account with an address under its lock, and records in
// the audit log who did what to whom, in one transaction. The error is
// fault.NotFound if no user has the address.
func (db *DB) audited(ctx context.Context, email string, by account.Actor, action account.ActionName,
	change func(tx pgx.Tx, id uuid.UUID) error,
) (uuid.UUID, error) {
	var id uuid.UUID
	err := db.pool.InTx(ctx, func(tx pgx.Tx) (err error) {
		if id, err = lockByEmail(ctx, tx, email); err != nil {
			return err
		}
		if err := record(ctx, tx, by, action, id.String()); err != nil {
			return err
		}
		return change(tx, id)
	})
	return id, err
}

// Operators lists the operators, oldest first. There are few.
func (db *DB) Operators(ctx context.Context) ([]account.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users JOIN operators ON user_id = id ORDER BY granted_at, id`
	rows, _ := db.pool.Query(ctx, query)
	return pg.All(rows, scanUser, "list operators")
}

// Record adds what an operator is about to do to the audit log. An action that
// can't be recorded must not be done. Entries can't be changed or deleted.
func (db *DB) Record(ctx context.Context, by account.Actor, action account.ActionName, subject string) error {
	return record(ctx, db.pool, by, action, subject)
}

// Actions reads the audit log, newest first, with ids below before.
func (db *DB) Actions(ctx context.Context, before int64, limit int) ([]account.Action, error) {
	const query = `SELECT seq, at, actor, action, subject FROM operator_actions WHERE seq < $1 ORDER BY seq DESC LIMIT $2`
	rows, _ := db.pool.Query(ctx, query, before, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (account.Action, error) {
		var a account.Action
		err := row.Scan(&a.Seq, &a.At, &a.Actor, &a.Name, &a.Subject)
		a.At = a.At.UTC()
		return a, err
	}, "read the audit log")
}

// lockByEmail locks the user, so that no charge of theirs starts meanwhile.
func lockByEmail(ctx context.Context, tx pgx.Tx, email string) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM users WHERE email = $1 FOR UPDATE`, email).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, fault.NotFound.Because("No user has this address.")
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find a user by their address: %w", err)
	}
	return id, nil
}

func record(ctx context.Context, on pg.Querier, by account.Actor, action account.ActionName, subject string) error {
	const query = `INSERT INTO operator_actions (actor, action, subject) VALUES ($1, $2, $3)`
	if _, err := on.Exec(ctx, query, string(by), string(action), subject); err != nil {
		return fmt.Errorf("record an operator's action: %w", err)
	}
	return nil
}
