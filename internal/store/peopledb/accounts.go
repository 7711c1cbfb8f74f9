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

// SignUp stores a new user together with an empty wallet, and returns the user
// with the time of the sign-up. The error is fault.EmailTaken.
func (db *DB) SignUp(ctx context.Context, u account.User, passwordHash string) (account.User, error) {
	const query = `
		WITH person AS (
		  INSERT INTO users (id, email, password_hash, display_name, streamer, locale,
		                     auto_accept, min_stake, max_stake, acceptance_seconds)
		  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		  ON CONFLICT (email) DO NOTHING
		  RETURNING id, created_at
		), wallet AS (
		  INSERT INTO wallets (user_id) SELECT id FROM person
		)
		SELECT created_at FROM person`
	err := db.pool.QueryRow(ctx, query, u.ID, u.Email, passwordHash, u.DisplayName, u.Streamer, u.Locale,
		u.Terms.AutoAccept, u.Terms.MinStake, u.Terms.MaxStake, seconds(u.Terms.Acceptance)).Scan(&u.CreatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return account.User{}, fault.EmailTaken.On("body.email", "")
	}
	if err != nil {
		return account.User{}, fmt.Errorf("sign up: %w", err)
	}
	return u, nil
}

// Credentials returns the id and the password hash of the user with an address.
// Both are zero if no user has the address.
func (db *DB) Credentials(ctx context.Context, email string) (uuid.UUID, string, error) {
	const query = `SELECT id, password_hash FROM users WHERE email = $1`
	var id uuid.UUID
	var hash string
	err := db.pool.QueryRow(ctx, query, email).Scan(&id, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, "", nil
	}
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("read credentials: %w", err)
	}
	return id, hash, nil
}

const userColumns = `id, email, display_name, streamer, locale, auto_accept, min_stake, max_stake, acceptance_seconds, created_at, left_at IS NOT NULL`

// UserByID returns a user, who may have left. The error is fault.NotFound.
func (db *DB) UserByID(ctx context.Context, id uuid.UUID) (account.User, error) {
	rows, _ := db.pool.Query(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
	return oneUser(rows)
}

// UsersByID returns the users with the given ids, newest first. Ids that nobody has are
// left out. Each id is looked up in the primary key.
func (db *DB) UsersByID(ctx context.Context, ids []uuid.UUID) ([]account.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users WHERE id = ANY($1) ORDER BY id DESC`
	rows, _ := db.pool.Query(ctx, query, pg.IDs(ids))
	return pg.All(rows, scanUser, "read users")
}

// ChangeUser applies a change and returns the user after it. The error is
// fault.NotFound, fault.Invalid or, for an operator who is to be a streamer,
// fault.OperatorCash.
func (db *DB) ChangeUser(ctx context.Context, id uuid.UUID, change account.Change) (account.User, error) {
	var changed account.User
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		// The row is locked, so that of two changes at once the second one is
		// checked with the first applied.
		rows, _ := tx.Query(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1 AND left_at IS NULL FOR NO KEY UPDATE`, id)
		before, err := oneUser(rows)
		if err != nil {
			return err
		}
		if changed, err = before.With(change); err != nil {
			return err
		}
		if changed.Streamer && !before.Streamer {
			if err := refuseOperator(ctx, tx, id); err != nil {
				return err
			}
		}
		return writeUser(ctx, tx, changed)
	})
	if err != nil {
		return account.User{}, err
	}
	return changed, nil
}

// refuseOperator keeps pots from operators, who have no cash. The lock on the user
// orders it against GrantOperator.
func refuseOperator(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	var operator bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM operators WHERE user_id = $1)`, user).Scan(&operator)
	if err != nil {
		return fmt.Errorf("look for an operator who is to be a streamer: %w", err)
	}
	if operator {
		return fault.OperatorCash
	}
	return nil
}

func writeUser(ctx context.Context, tx pgx.Tx, u account.User) error {
	const query = `
		UPDATE users SET display_name = $2, locale = $3, auto_accept = $4, min_stake = $5, max_stake = $6, acceptance_seconds = $7, streamer = $8
		WHERE id = $1`
	_, err := tx.Exec(ctx, query, u.ID, u.DisplayName, u.Locale,
		u.Terms.AutoAccept, u.Terms.MinStake, u.Terms.MaxStake, seconds(u.Terms.Acceptance), u.Streamer)
	if err != nil {
		return fmt.Errorf("change a user: %w", err)
	}
	return nil
}

// Streamers lists the users a mission can be made for, newest first, with ids
// below before (uuid.Max for the first page).
func (db *DB) Streamers(ctx context.Context, before uuid.UUID, limit int) ([]account.User, error) {
	const query = `SELECT ` + userColumns + ` FROM users WHERE streamer AND id < $1 ORDER BY id DESC LIMIT $2`
	rows, _ := db.pool.Query(ctx, query, before, limit)
	return pg.All(rows, scanUser, "list streamers")
}

func oneUser(rows pgx.Rows) (account.User, error) {
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if errors.Is(err, pgx.ErrNoRows) {
		return account.User{}, fault.NotFound.Because("This user does not exist.")
	}
	if err != nil {
		return account.User{}, fmt.Errorf("read a user: %w", err)
	}
	return u, nil
}

func scanUser(row pgx.CollectableRow) (account.User, error) {
	var u account.User
	var acceptance int32
	err := row.Scan(&u.ID, &u.Email, &u.DisplayName, &u.Streamer, &u.Locale,
		&u.Terms.AutoAccept, &u.Terms.MinStake, &u.Terms.MaxStake, &acceptance, &u.CreatedAt, &u.Left)
	u.Terms.Acceptance = time.Duration(acceptance) * time.Second
	return u, err
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) } // #nosec G115 -- the column holds a week at most
