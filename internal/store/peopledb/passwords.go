package peopledb

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

// ChangePassword replaces the hash of a user's password, ends all of their
// sign-ins and starts a new one with the given refresh token's hash, in one
// transaction. The hash that was compared must still be the stored one, so of
// two changes at once one wins. The error of the other is fault.BadCredentials.
func (db *DB) ChangePassword(ctx context.Context, user uuid.UUID, from, to string, refresh []byte, unused time.Duration) (in account.SignIn, err error) {
	const query = `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND left_at IS NULL`
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		changed, err := tx.Exec(ctx, query, user, from, to)
		if err != nil {
			return fmt.Errorf("change a password: %w", err)
		}
		if changed.RowsAffected() == 0 {
			return fault.BadCredentials
		}
		if err := endSessions(ctx, tx, user); err != nil {
			return err
		}
		in, err = startSession(ctx, tx, user, to, refresh, unused)
		return err
	})
	return in, err
}
