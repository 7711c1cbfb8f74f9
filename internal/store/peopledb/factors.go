package peopledb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/store/pg"
)

// BeginFactor stores the secret of a second factor that is not on yet, in place
// of one that was begun before. The error is fault.SecondFactorOn if one is on.
func (db *DB) BeginFactor(ctx context.Context, user uuid.UUID, secret []byte) error {
	const query = `
		INSERT INTO second_factors AS f (user_id, secret) SELECT id, $2 FROM users WHERE id = $1 AND left_at IS NULL
		ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at, last_step = 0 WHERE f.confirmed_at IS NULL`
	begun, err := db.pool.Exec(ctx, query, user, secret)
	if err != nil {
		return fmt.Errorf("begin a second factor: %w", err)
	}
	if begun.RowsAffected() == 0 {
		return fault.SecondFactorOn
	}
	return nil
}

// ConfirmFactor turns the second factor on with a code of its app, and stores
// the hashes of its recovery codes. The error is fault.BadCredentials for a
// wrong code, fault.SecondFactorOn if it is already on, and fault.NotFound if
// none was begun within account.FactorTime.
func (db *DB) ConfirmFactor(ctx context.Context, user uuid.UUID, try account.FactorTry, recovery [][]byte) error {
	return db.pool.InTx(ctx, func(tx pgx.Tx) error {
		f, err := lockFactor(ctx, tx, user)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.NotFound.Because("No second factor was begun.")
		case err != nil:
			return err
		case f.on:
			return fault.SecondFactorOn
		case f.now.Sub(f.begun) > account.FactorTime:
			return fault.NotFound.Because("The second factor was begun too long ago. Begin again.")
		case try.Match == nil:
			return errNoCode()
		}
		step, ok := try.Match(f.secret, f.now, f.lastStep)
		if !ok {
			return errNoCode()
		}
		var b pgx.Batch
		b.Queue(`UPDATE second_factors SET confirmed_at = clock_timestamp(), last_step = $2 WHERE user_id = $1`, user, step)
		b.Queue(`INSERT INTO recovery_codes (hash, user_id) SELECT unnest($2::bytea[]), $1`, user, recovery)
		if err := tx.SendBatch(ctx, &b).Close(); err != nil {
			return fmt.Errorf("turn a second factor on: %w", err)
		}
		return nil
	})
}

// TakeFactor accepts a code of a user's second factor, or one of the recovery
// codes. A code is accepted once, even if several calls use it at the same
// time. A user without a second factor needs no code. The error is
// fault.SecondFactorRequired without a code, and fault.BadCredentials for one
// that is not valid.
func (db *DB) TakeFactor(ctx context.Context, user uuid.UUID, try account.FactorTry) error {
	return db.pool.InTx(ctx, func(tx pgx.Tx) error { return takeFactor(ctx, tx, user, try) })
}

func takeFactor(ctx context.Context, tx pgx.Tx, user uuid.UUID, try account.FactorTry) error {
	f, err := lockFactor(ctx, tx, user)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || err == nil && !f.on:
		return nil
	case err != nil:
		return err
	case try.Match == nil:
		return fault.SecondFactorRequired
	}
	if step, ok := try.Match(f.secret, f.now, f.lastStep); ok {
		if _, err := tx.Exec(ctx, `UPDATE second_factors SET last_step = $2 WHERE user_id = $1`, user, step); err != nil {
			return fmt.Errorf("take a code: %w", err)
		}
		return nil
	}
	used, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2`, user, try.RecoveryHash)
	if err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	if used.RowsAffected() == 0 {
		return errNoCode()
	}
	return nil
}

// RemoveFactor turns a user's second factor off, or drops one that was begun,
// and deletes its recovery codes. It is no error if there is none.
func (db *DB) RemoveFactor(ctx context.Context, user uuid.UUID) error {
	return removeFactor(ctx, db.pool, user)
}

func removeFactor(ctx context.Context, on pg.Querier, user uuid.UUID) error {
	if _, err := on.Exec(ctx, `DELETE FROM second_factors WHERE user_id = $1`, user); err != nil {
		return fmt.Errorf("remove a second factor: %w", err)
	}
	return nil
}

// RemoveFactorOf turns off the second factor of the account with an address,
// ends its sign-ins and records both in the audit log. It is for a user who has
// lost the app and the recovery codes and has proved their identity. The error
// is fault.NotFound if no user has the address.
func (db *DB) RemoveFactorOf(ctx context.Context, email string, by account.Actor) (uuid.UUID, error) {
	return db.audited(ctx, email, by, account.RemoveSecondFactor, func(tx pgx.Tx, id uuid.UUID) error {
		if err := removeFactor(ctx, tx, id); err != nil {
			return err
		}
		return endSessions(ctx, tx, id)
	})
}

// Factor returns whether a user's second factor is on, and how many recovery
// codes are left.
func (db *DB) Factor(ctx context.Context, user uuid.UUID) (on bool, recoveryCodes int, err error) {
	const query = `
		SELECT EXISTS (SELECT FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL),
		       (SELECT count(*) FROM recovery_codes WHERE user_id = $1)`
	if err := db.pool.QueryRow(ctx, query, user).Scan(&on, &recoveryCodes); err != nil {
		return false, 0, fmt.Errorf("read a second factor: %w", err)
	}
	return on, recoveryCodes, nil
}

// factorRow is a second factor, and the time of the database, because an
// instance whose clock is minutes off would refuse valid codes.
type factorRow struct {
	secret   []byte
	on       bool
	lastStep int64
	begun    time.Time
	now      time.Time
}

// lockFactor locks the row, so that a code is not accepted twice at once. The
// time is read once the lock is held.
func lockFactor(ctx context.Context, tx pgx.Tx, user uuid.UUID) (f factorRow, err error) {
	const query = `SELECT secret, confirmed_at IS NOT NULL, last_step, begun_at FROM second_factors WHERE user_id = $1 FOR UPDATE`
	err = tx.QueryRow(ctx, query, user).Scan(&f.secret, &f.on, &f.lastStep, &f.begun)
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&f.now)
	}
	if err != nil {
		return factorRow{}, fmt.Errorf("read a second factor: %w", err)
	}
	return f, nil
}

func errNoCode() error {
	return fault.BadCredentials.Because("The code is not valid. Each code works once.")
}
