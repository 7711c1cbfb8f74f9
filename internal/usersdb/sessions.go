package usersdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/missionpot/internal/fault"
)

// StartSession begins a family of refresh tokens with the first one's hash. It
// lapses when it lies unused for the given time. The user's lapsed families are
// cleared away, so that a person who signs in every day leaves no trail. The error
// is fault.BadCredentials for somebody whose password's hash is not that any more:
// who has left, or has changed the password since it was compared.
func (d *DB) StartSession(ctx context.Context, user uuid.UUID, passwordHash string, hash []byte, unused time.Duration) error {
	return d.inTx(ctx, func(tx pgx.Tx) error { return startSession(ctx, tx, user, passwordHash, hash, unused) })
}

// startSession takes the person's lock, shared, so that it comes before a change of
// the password and is ended by it, or after it and sees the new hash.
func startSession(ctx context.Context, tx pgx.Tx, user uuid.UUID, passwordHash string, hash []byte, unused time.Duration) error {
	const query = `
		WITH family AS (
		  INSERT INTO refresh_families (id, user_id)
		  SELECT $1::uuid, id FROM users WHERE id = $2 AND left_at IS NULL AND password_hash = $3 FOR SHARE
		  RETURNING id
		)
		INSERT INTO refresh_tokens (hash, family_id, expires_at)
		SELECT $4, id, clock_timestamp() + $5 FROM family`
	const clear = `
		DELETE FROM refresh_families f
		WHERE f.user_id = $1 AND NOT EXISTS (
		  SELECT FROM refresh_tokens t WHERE t.family_id = f.id AND t.expires_at > clock_timestamp())`
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	var started int64
	var b pgx.Batch
	b.Queue(query, id, user, passwordHash, hash, unused).Exec(func(done pgconn.CommandTag) error {
		started = done.RowsAffected()
		return nil
	})
	b.Queue(clear, user)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	if started == 0 {
		return fault.BadCredentials.Because("")
	}
	return nil
}

// RotateSession replaces a refresh token by the next one of its family and
// returns whose it is. A token that was used before ends the family, because
// two holders are one too many: the error is fault.TokenReused, with whose it was. An unknown,
// lapsed or ended one is fault.Unauthenticated, and so is one whose family began
// longer ago than a sign-in may last.
func (d *DB) RotateSession(ctx context.Context, hash, next []byte, unused, longest time.Duration) (uuid.UUID, error) {
	var user uuid.UUID
	var refusal error
	err := d.inTx(ctx, func(tx pgx.Tx) error {
		user, refusal = uuid.Nil, nil
		t, err := lockToken(ctx, tx, hash, longest)
		switch {
		case errors.Is(err, pgx.ErrNoRows) || err == nil && (t.ended || t.lapsed && !t.used):
			refusal = fault.Unauthenticated.Because("The refresh token is not valid; sign in.")
			return nil
		case err != nil:
			return fmt.Errorf("read a refresh token: %w", err)
		case t.used:
			// The refusal is returned after the commit: it must not undo this.
			user, refusal = t.user, fault.TokenReused.Because("")
			return endFamily(ctx, tx, t.family)
		}
		user = t.user
		return replaceToken(ctx, tx, t.family, hash, next, unused)
	})
	if err != nil {
		return uuid.Nil, err
	}
	return user, refusal
}

// EndSession ends the family of a refresh token. An unknown token is none to
// end, which is no error.
func (d *DB) EndSession(ctx context.Context, hash []byte) error {
	const query = `
		UPDATE refresh_families SET revoked_at = clock_timestamp()
		WHERE id = (SELECT family_id FROM refresh_tokens WHERE hash = $1) AND revoked_at IS NULL`
	if _, err := d.pool.Exec(ctx, query, hash); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// EndSessions ends every family of a user. A refresh that is under way at that
// moment ends with its family; a sign-in that is, is a new one and stays.
func (d *DB) EndSessions(ctx context.Context, user uuid.UUID) error {
	return endSessions(ctx, d.pool, user)
}

func endSessions(ctx context.Context, db execer, user uuid.UUID) error {
	const query = `UPDATE refresh_families SET revoked_at = clock_timestamp() WHERE user_id = $1 AND revoked_at IS NULL`
	if _, err := db.Exec(ctx, query, user); err != nil {
		return fmt.Errorf("end all sessions: %w", err)
	}
	return nil
}

type refreshToken struct {
	family, user        uuid.UUID
	used, lapsed, ended bool
}

// lockToken locks the token and its family. Both, because a row that is only
// read shows its state from before the wait for the other one's lock.
func lockToken(ctx context.Context, tx pgx.Tx, hash []byte, longest time.Duration) (refreshToken, error) {
	const query = `
		SELECT f.id, f.user_id, t.used_at IS NOT NULL, t.expires_at <= clock_timestamp(),
		       f.revoked_at IS NOT NULL OR f.created_at + $2 <= clock_timestamp()
		FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
		WHERE t.hash = $1
		FOR UPDATE`
	var t refreshToken
	err := tx.QueryRow(ctx, query, hash, longest).Scan(&t.family, &t.user, &t.used, &t.lapsed, &t.ended)
	return t, err
}

func endFamily(ctx context.Context, tx pgx.Tx, family uuid.UUID) error {
	const query = `UPDATE refresh_families SET revoked_at = clock_timestamp() WHERE id = $1`
	if _, err := tx.Exec(ctx, query, family); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// replaceToken also clears away the family's lapsed tokens, so that a session
// that is refreshed for years does not grow. A lapsed token is refused whether
// it is known or not.
func replaceToken(ctx context.Context, tx pgx.Tx, family uuid.UUID, hash, next []byte, unused time.Duration) error {
	var b pgx.Batch
	b.Queue(`UPDATE refresh_tokens SET used_at = clock_timestamp() WHERE hash = $1`, hash)
	b.Queue(`INSERT INTO refresh_tokens (hash, family_id, expires_at) VALUES ($1, $2, clock_timestamp() + $3)`, next, family, unused)
	b.Queue(`DELETE FROM refresh_tokens WHERE family_id = $1 AND expires_at < clock_timestamp()`, family)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("rotate a refresh token: %w", err)
	}
	return nil
}
