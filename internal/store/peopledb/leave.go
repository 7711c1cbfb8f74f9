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
	"example.com/missionpot/internal/store/ledgerdb"
)

// Leave removes all personal data from an account. The row stays under its id,
// and so do the wallet, the ledger and the contributions, because the books
// must stay complete. The error is fault.AccountInUse while there is cash in
// the wallet or in a pot that is not settled, or a charge without a result,
// because cash must not be left without an owner. Leaving twice is no error.
//
// The lock on the user orders leaving against charges, and the lock on the
// wallet orders it against bets. A bet that was logged before and is decided
// afterwards is declined, because there is no cash.
func (db *DB) Leave(ctx context.Context, user uuid.UUID) error {
	return db.pool.InTx(ctx, func(tx pgx.Tx) error {
		var left bool
		err := tx.QueryRow(ctx, `SELECT left_at IS NOT NULL FROM users WHERE id = $1 FOR UPDATE`, user).Scan(&left)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.NotFound.Because("This user does not exist.")
		case err != nil:
			return fmt.Errorf("lock an account: %w", err)
		case left:
			return nil
		}
		if err := mayLeave(ctx, tx, user); err != nil {
			return err
		}
		return forget(ctx, tx, user)
	})
}

// leavingTime is how long the mark of a user who is leaving is valid. It is
// removed after milliseconds, unless the program fails.
const leavingTime = time.Minute

// BeginLeaving marks a user who is about to leave: from this commit on
// TakesMissions is false for them.
func (db *DB) BeginLeaving(ctx context.Context, user uuid.UUID) error {
	return db.markLeaving(ctx, `UPDATE users SET leaving_at = clock_timestamp() WHERE id = $1`, user)
}

// CancelLeaving removes the mark.
func (db *DB) CancelLeaving(ctx context.Context, user uuid.UUID) error {
	return db.markLeaving(ctx, `UPDATE users SET leaving_at = NULL WHERE id = $1`, user)
}

func (db *DB) markLeaving(ctx context.Context, query string, user uuid.UUID) error {
	if _, err := db.pool.Exec(ctx, query, user); err != nil {
		return fmt.Errorf("mark a user as leaving: %w", err)
	}
	return nil
}

// TakesMissions reports whether a user is a streamer who has not left and is not about
// to.
func (db *DB) TakesMissions(ctx context.Context, user uuid.UUID) (bool, error) {
	const query = `SELECT EXISTS (SELECT FROM users WHERE id = $1 AND streamer AND left_at IS NULL
		AND (leaving_at IS NULL OR leaving_at < clock_timestamp() - $2::interval))`
	var takes bool
	if err := db.pool.QueryRow(ctx, query, user, leavingTime).Scan(&takes); err != nil {
		return false, fmt.Errorf("read whether a user is leaving: %w", err)
	}
	return takes, nil
}

// mayLeave checks again in a new snapshot, once nothing can be added.
func mayLeave(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT FROM wallets WHERE user_id = $1 FOR UPDATE`, user); err != nil {
		return fmt.Errorf("lock a wallet: %w", err)
	}
	const query = `
		SELECT EXISTS (SELECT FROM charges WHERE user_id = $1 AND status = 'pending'),
		       EXISTS (SELECT FROM operators WHERE user_id = $1)`
	var charging, operator bool
	if err := tx.QueryRow(ctx, query, user).Scan(&charging, &operator); err != nil {
		return fmt.Errorf("look for open charges and roles: %w", err)
	}
	cash, err := ledgerdb.CashOf(ctx, tx, user)
	switch {
	case err != nil:
		return err
	case cash.Available > 0:
		return fault.AccountInUse.Because("There is cash in your wallet: " + cash.Available.String() + ".")
	case cash.Held > 0:
		return fault.AccountInUse.Because("You have cash in pots of missions that are not settled: " + cash.Held.String() + ".")
	case charging:
		return fault.AccountInUse.Because("One of your charges is not confirmed yet.")
	case operator:
		return fault.AccountInUse.Because("The operator's role must be revoked first.")
	}
	return nil
}

// forget empties the row. The new address is in a domain that can't exist (RFC
// 2606), and no password matches an empty hash.
func forget(ctx context.Context, tx pgx.Tx, user uuid.UUID) error {
	terms := account.DefaultTerms()
	var b pgx.Batch
	b.Queue(`
		UPDATE users SET left_at = clock_timestamp(), generation = generation + 1, email = id || '@left.invalid', password_hash = '', display_name = $2,
		  streamer = false, locale = 'ko', auto_accept = $3, min_stake = $4, max_stake = $5, acceptance_seconds = $6
		WHERE id = $1`,
		user, account.FormerName, terms.AutoAccept, terms.MinStake, terms.MaxStake, seconds(terms.Acceptance))
	b.Queue(`DELETE FROM refresh_families WHERE user_id = $1`, user)
	b.Queue(`DELETE FROM password_resets WHERE user_id = $1`, user)
	b.Queue(`DELETE FROM second_factors WHERE user_id = $1`, user)
	b.Queue(`UPDATE mails SET state = 'sent' WHERE user_id = $1 AND state <> 'sent'`, user)
	b.Queue(`DELETE FROM mail_pauses WHERE user_id = $1`, user)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("empty an account: %w", err)
	}
	return nil
}
