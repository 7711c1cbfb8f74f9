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
	"example.com/missionpot/internal/core/mailtext"
)

// errNoReset is the error for a code that was used, has expired or never existed.
func errNoReset() error {
	return fault.BadCredentials.Because("The code is not valid any more. Ask for a new one.")
}

// AskReset records that the user with an address is to be mailed a code, and
// returns the user's id, or uuid.Nil if no user has the address. It spends the
// budgets of the try in the same transaction, so it takes one commit whether or
// not the address is known. If a budget has nothing left, it returns how long
// to wait. Asking twice before the mail is sent leads to one mail.
func (db *DB) AskReset(ctx context.Context, try account.LoginTry, email string) (user uuid.UUID, wait time.Duration, err error) {
	const ask = `
		INSERT INTO password_resets AS r (user_id) SELECT id FROM users WHERE email = $1 AND left_at IS NULL
		ON CONFLICT (user_id) DO UPDATE SET asked_at = clock_timestamp(), state = 'pending', attempts = 0, due_at = clock_timestamp()
		RETURNING user_id`
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		user = uuid.Nil
		var err error
		if wait, err = spend(ctx, tx, try); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, ask, email).Scan(&user)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if errors.Is(err, errSpent) {
		return uuid.Nil, wait, nil
	}
	if err != nil {
		return uuid.Nil, 0, fmt.Errorf("ask for a new password: %w", err)
	}
	return user, 0, errors.Join(db.clearResets(ctx), db.clearLogins(ctx))
}

// clearResets deletes some old rows. Asking adds at most one, so they never pile up.
func (db *DB) clearResets(ctx context.Context) error {
	const query = `
		DELETE FROM password_resets WHERE user_id IN (
		  SELECT user_id FROM password_resets WHERE asked_at < clock_timestamp() - interval '1 day'
		  ORDER BY asked_at LIMIT 10 FOR UPDATE SKIP LOCKED)`
	if _, err := db.pool.Exec(ctx, query); err != nil {
		return fmt.Errorf("clear old codes: %w", err)
	}
	return nil
}

// ClaimReset leases the mail that has been due the longest, and records the
// hash of its code. The code is valid from now on for the given time, and the
// one before it is no longer valid. It returns nil if none is due. A request
// that is older than a code's validity is skipped.
func (db *DB) ClaimReset(ctx context.Context, hash []byte, valid, lease time.Duration) (*mailtext.Reset, error) {
	const claim = `
		WITH due AS (
		  SELECT r.user_id, u.email, u.display_name, u.locale FROM password_resets r JOIN users u ON u.id = r.user_id
		  WHERE r.state <> 'sent' AND r.due_at <= clock_timestamp() AND r.asked_at > clock_timestamp() - $2::interval AND u.left_at IS NULL
		  ORDER BY r.due_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED
		)
		UPDATE password_resets r SET state = 'leased', attempts = r.attempts + 1, hash = $1,
		  lapses_at = clock_timestamp() + $2::interval, due_at = clock_timestamp() + $3::interval
		FROM due WHERE r.user_id = due.user_id
		RETURNING r.user_id, due.email, due.display_name, due.locale, r.attempts`
	l := mailtext.Reset{Valid: valid}
	err := db.pool.QueryRow(ctx, claim, hash, valid, lease).Scan(&l.UserID, &l.Email, &l.DisplayName, &l.Locale, &l.Attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim a mail with a code: %w", err)
	}
	return &l, nil
}

// ResetSent marks the mail with a code as sent, unless another one was asked for
// meanwhile.
func (db *DB) ResetSent(ctx context.Context, hash []byte) error {
	const mark = `UPDATE password_resets SET state = 'sent' WHERE hash = $1 AND state = 'leased'`
	if _, err := db.pool.Exec(ctx, mark, hash); err != nil {
		return fmt.Errorf("mark a mail with a code as sent: %w", err)
	}
	return nil
}

// ResetFailed returns a leased mail, due again after a while. It will have another code.
func (db *DB) ResetFailed(ctx context.Context, hash []byte, retryIn time.Duration) error {
	const release = `UPDATE password_resets SET state = 'pending', due_at = clock_timestamp() + $2::interval WHERE hash = $1 AND state = 'leased'`
	if _, err := db.pool.Exec(ctx, release, hash, retryIn); err != nil {
		return fmt.Errorf("return a mail with a code: %w", err)
	}
	return nil
}

// UserByReset returns the user of a code. The error is fault.BadCredentials for
// a code that is not valid.
func (db *DB) UserByReset(ctx context.Context, hash []byte) (account.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users
		WHERE left_at IS NULL AND id = (SELECT user_id FROM password_resets WHERE hash = $1 AND lapses_at > clock_timestamp())`
	rows, _ := db.pool.Query(ctx, query, hash)
	user, err := oneUser(rows)
	if errors.Is(err, fault.NotFound) {
		return account.User{}, errNoReset()
	}
	return user, err
}

// ResetPassword uses up a code: it replaces the hash of the password, ends
// every sign-in of the code's user and starts a new one with the given refresh
// token's hash, in one transaction. Of two uses at once one wins. The error of
// the other is fault.BadCredentials.
func (db *DB) ResetPassword(ctx context.Context, hash []byte, to string, refresh []byte, unused time.Duration) (in account.SignIn, err error) {
	// The user's lock comes first, as everywhere. The second statement finds
	// out whether another use has deleted the code meanwhile.
	const change = `
		UPDATE users u SET password_hash = $2 FROM password_resets r
		WHERE r.hash = $1 AND r.lapses_at > clock_timestamp() AND u.id = r.user_id AND u.left_at IS NULL
		RETURNING u.id`
	const use = `DELETE FROM password_resets WHERE hash = $1`
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		var user uuid.UUID
		err := tx.QueryRow(ctx, change, hash, to).Scan(&user)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoReset()
		}
		if err != nil {
			return fmt.Errorf("set a new password: %w", err)
		}
		used, err := tx.Exec(ctx, use, hash)
		if err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		if used.RowsAffected() == 0 {
			return errNoReset()
		}
		if err := endSessions(ctx, tx, user); err != nil {
			return err
		}
		in, err = startSession(ctx, tx, user, to, refresh, unused)
		return err
	})
	return in, err
}
