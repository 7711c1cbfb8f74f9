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
)

// StartSession starts a family of refresh tokens with the first one's hash. It
// expires when it is not used for the given time. The user's expired families
// are deleted, so that their number does not grow with every sign-in. The error
// is fault.BadCredentials if the stored password hash is another one, because
// the user has left or has changed the password since it was compared.
func (db *DB) StartSession(ctx context.Context, user uuid.UUID, passwordHash string, hash []byte, unused time.Duration) (in account.SignIn, err error) {
	err = db.pool.InTx(ctx, func(tx pgx.Tx) (err error) {
		in, err = startSession(ctx, tx, user, passwordHash, hash, unused)
		return err
	})
	return in, err
}

// startSession takes a shared lock on the user. So it either comes before a
// change of the password and is ended by it, or comes after it and sees the new
// hash. The generation is read under the same lock.
func startSession(ctx context.Context, tx pgx.Tx, user uuid.UUID, passwordHash string, hash []byte, unused time.Duration) (account.SignIn, error) {
	const query = `
		WITH person AS (
		  SELECT id, generation FROM users WHERE id = $2 AND left_at IS NULL AND password_hash = $3 FOR SHARE
		), family AS (
		  INSERT INTO refresh_families (id, user_id) SELECT $1::uuid, id FROM person RETURNING id
		), token AS (
		  INSERT INTO refresh_tokens (hash, family_id, expires_at) SELECT $4, id, clock_timestamp() + $5 FROM family
		)
		SELECT id, generation, EXISTS (SELECT FROM operators WHERE user_id = id) FROM person`
	const clear = `
		DELETE FROM refresh_families f
		WHERE f.user_id = $1 AND NOT EXISTS (
		  SELECT FROM refresh_tokens t WHERE t.family_id = f.id AND t.expires_at > clock_timestamp())`
	id, err := uuid.NewV7()
	if err != nil {
		return account.SignIn{}, fmt.Errorf("start a session: %w", err)
	}
	var in account.SignIn
	var b pgx.Batch
	b.Queue(query, id, user, passwordHash, hash, unused).QueryRow(func(row pgx.Row) error {
		return row.Scan(&in.User, &in.Generation, &in.Operator)
	})
	b.Queue(clear, user)
	err = tx.SendBatch(ctx, &b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return account.SignIn{}, fault.BadCredentials
	}
	if err != nil {
		return account.SignIn{}, fmt.Errorf("start a session: %w", err)
	}
	return in, nil
}

// RotateSession replaces a refresh token by the next one of its family. If a
// token is used again within the repeat time while its successor is unused, the
// first answer was lost or two parts of one client used it at once:
// RotateSession then returns the sealed successor of the first use, otherwise
// nil. Any other use of a used token ends the family and all access tokens,
// because two parties hold it: the error is fault.TokenReused, with the user it
// belongs to. The error for an unknown, expired or ended token is
// fault.Unauthenticated, and so it is if the family started longer ago than a
// sign-in may last.
func (db *DB) RotateSession(ctx context.Context, hash []byte, r account.Rotation, repeat, longest time.Duration) (in account.SignIn, sealed []byte, err error) {
	var refusal error
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		in, sealed, refusal = account.SignIn{}, nil, nil
		t, err := lockToken(ctx, tx, hash, repeat, longest)
		switch {
		case errors.Is(err, pgx.ErrNoRows) || err == nil && (t.ended || t.lapsed && !t.used):
			refusal = fault.Unauthenticated.Because("The refresh token is not valid; sign in.")
			return nil
		case err != nil:
			return fmt.Errorf("read a refresh token: %w", err)
		case t.repeats:
			in, sealed = t.in, t.sealed
			return nil
		case t.used:
			// The refusal is returned after the commit, because it must not roll this back.
			in, refusal = t.in, fault.TokenReused
			return endFamily(ctx, tx, t.family)
		}
		in = t.in
		return replaceToken(ctx, tx, t.family, hash, r)
	})
	if err == nil && errors.Is(refusal, fault.TokenReused) {
		err = db.endAccessTokens(ctx, in.User)
	}
	if err != nil {
		return account.SignIn{}, nil, err
	}
	return in, sealed, refusal
}

// endAccessTokens ends all access tokens of a user after a refresh token was
// copied, because it is not known which of them the copier has. The user's
// devices refresh theirs. It is not part of the transaction before, because the
// lock of the user must come before that of a family.
func (db *DB) endAccessTokens(ctx context.Context, user uuid.UUID) error {
	if _, err := db.pool.Exec(ctx, `UPDATE users SET generation = generation + 1 WHERE id = $1`, user); err != nil {
		return fmt.Errorf("end access tokens: %w", err)
	}
	return nil
}

// EndSession ends the family of a refresh token. An unknown token is no error.
func (db *DB) EndSession(ctx context.Context, hash []byte) error {
	const query = `
		UPDATE refresh_families SET revoked_at = clock_timestamp()
		WHERE id = (SELECT family_id FROM refresh_tokens WHERE hash = $1) AND revoked_at IS NULL`
	if _, err := db.pool.Exec(ctx, query, hash); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// EndSessions ends every family of a user, all access tokens, and all changes
// to the account that were begun but not confirmed. A refresh that is under way
// at that moment ends with its family. A sign-in that is under way counts as a
// new one and stays.
func (db *DB) EndSessions(ctx context.Context, user uuid.UUID) error {
	return db.pool.InTx(ctx, func(tx pgx.Tx) error { return endSessions(ctx, tx, user) })
}

// endSessions is a part of every measure against an intruder in an account. The
// user's lock comes first, as everywhere. A second factor that was begun and a
// code for a new password may be the intruder's, so they are deleted too.
func endSessions(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	var b pgx.Batch
	b.Queue(`UPDATE users SET generation = generation + 1 WHERE id = $1`, user)
	b.Queue(`UPDATE refresh_families SET revoked_at = clock_timestamp() WHERE user_id = $1 AND revoked_at IS NULL`, user)
	b.Queue(`DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NULL`, user)
	b.Queue(`DELETE FROM password_resets WHERE user_id = $1`, user)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("end all sessions: %w", err)
	}
	return nil
}

type refreshToken struct {
	family              uuid.UUID
	in                  account.SignIn
	used, lapsed, ended bool
	repeats             bool // used a moment ago, and its successor is unused
	sealed              []byte
}

// lockToken locks the token and its family. It locks both, because a row that
// is only read shows its state from before the wait for the other lock. The
// generation is the one before any change that waits for the family.
func lockToken(ctx context.Context, tx pgx.Tx, hash []byte, repeat, longest time.Duration) (refreshToken, error) {
	const lock = `
		SELECT f.id, f.user_id, t.used_at IS NOT NULL, t.expires_at <= clock_timestamp(),
		       f.revoked_at IS NOT NULL OR f.created_at + $2 <= clock_timestamp(),
		       coalesce(t.used_at + $3 > clock_timestamp(), false), t.sealed
		FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
		WHERE t.hash = $1
		FOR UPDATE`
	// This is a separate statement with a new snapshot, taken under the locks,
	// because the successor may have been used during the wait for them.
	const about = `
		SELECT u.generation, EXISTS (SELECT FROM operators o WHERE o.user_id = u.id), EXISTS (
		  SELECT FROM refresh_tokens t JOIN refresh_tokens n ON n.hash = t.successor
		  WHERE t.hash = $2 AND n.used_at IS NULL AND n.expires_at > clock_timestamp())
		FROM users u WHERE u.id = $1`
	var t refreshToken
	var recent, unused bool
	err := tx.QueryRow(ctx, lock, hash, longest, repeat).Scan(&t.family, &t.in.User, &t.used, &t.lapsed, &t.ended, &recent, &t.sealed)
	if err != nil {
		return t, err
	}
	if err := tx.QueryRow(ctx, about, t.in.User, hash).Scan(&t.in.Generation, &t.in.Operator, &unused); err != nil {
		return t, fmt.Errorf("read the user of a refresh token: %w", err)
	}
	t.repeats = recent && unused
	return t, nil
}

func endFamily(ctx context.Context, tx pgx.Tx, family uuid.UUID) error {
	const query = `UPDATE refresh_families SET revoked_at = clock_timestamp() WHERE id = $1`
	if _, err := tx.Exec(ctx, query, family); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// replaceToken also deletes the family's expired tokens, so that a session that
// is refreshed for years does not grow. An expired token is refused whether or
// not it is stored. The token that was sealed before is no longer needed.
func replaceToken(ctx context.Context, tx pgx.Tx, family uuid.UUID, hash []byte, r account.Rotation) error {
	var b pgx.Batch
	b.Queue(`UPDATE refresh_tokens SET sealed = NULL WHERE family_id = $1 AND sealed IS NOT NULL`, family)
	b.Queue(`UPDATE refresh_tokens SET used_at = clock_timestamp(), successor = $2, sealed = $3 WHERE hash = $1`, hash, r.Next, r.Sealed)
	b.Queue(`INSERT INTO refresh_tokens (hash, family_id, expires_at) VALUES ($1, $2, clock_timestamp() + $3)`, r.Next, family, r.Unused)
	b.Queue(`DELETE FROM refresh_tokens WHERE family_id = $1 AND expires_at < clock_timestamp()`, family)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("rotate a refresh token: %w", err)
	}
	return nil
}
