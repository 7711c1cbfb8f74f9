package peopledb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/account"
)

// errSpent rolls back a try for which a budget has nothing left.
var errSpent = errors.New("a budget is spent")

// TakeLogin spends one try to sign in from all of its budgets, or from none. If
// one has nothing left, it returns how long to wait. Otherwise it returns the
// try with the budgets that were spent: the account's is not spent if the
// address is known. The rows are locked, so of many tries at once no more pass
// than were left.
func (db *DB) TakeLogin(ctx context.Context, try account.LoginTry) (account.LoginTry, time.Duration, error) {
	var wait time.Duration
	var taken account.LoginTry
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		wait, taken = 0, try
		var known bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM login_budgets WHERE key = $1 AND known_until > clock_timestamp())`, try.Pair.Key).Scan(&known)
		if err != nil {
			return err
		}
		if known {
			taken.Account = account.Budget{}
		}
		wait, err = spend(ctx, tx, taken)
		return err
	})
	if errors.Is(err, errSpent) {
		return account.LoginTry{}, wait, nil
	}
	if err != nil {
		return account.LoginTry{}, 0, fmt.Errorf("count a try to sign in: %w", err)
	}
	return taken, 0, db.clearLogins(ctx)
}

// spend takes one from each budget of a try. A budget is stored as the time at
// which it is full again (the generic cell rate algorithm, ITU-T I.371). A try
// moves that time forward. If it is then further away than the full budget, the
// try is one too many: the error is errSpent, with the longest wait.
func spend(ctx context.Context, tx pgx.Tx, try account.LoginTry) (time.Duration, error) {
	const query = `
		INSERT INTO login_budgets AS b (key, full_at) VALUES ($1, clock_timestamp() + $2::interval)
		ON CONFLICT (key) DO UPDATE SET full_at = greatest(b.full_at, clock_timestamp()) + $2::interval
		RETURNING full_at - clock_timestamp() - $3::interval`
	var wait time.Duration
	var batch pgx.Batch
	for _, b := range budgets(try) {
		batch.Queue(query, b.Key, b.Every, b.Span()).QueryRow(func(row pgx.Row) error {
			var over time.Duration
			err := row.Scan(&over)
			wait = max(wait, over)
			return err
		})
	}
	err := tx.SendBatch(ctx, &batch).Close()
	if err == nil && wait > 0 {
		err = errSpent
	}
	return wait, err
}

// ReturnLogin returns a try to its budgets, because it was no guess.
func (db *DB) ReturnLogin(ctx context.Context, taken account.LoginTry) error {
	if err := db.pool.InTx(ctx, func(tx pgx.Tx) error { return giveBack(ctx, tx, budgets(taken)) }); err != nil {
		return fmt.Errorf("return a try to sign in: %w", err)
	}
	return nil
}

// LoginSucceeded returns a try to its budgets. If there is a budget for the
// account from this address, it is made full, and the address counts as known
// for a while.
func (db *DB) LoginSucceeded(ctx context.Context, taken account.LoginTry) error {
	const know = `
		INSERT INTO login_budgets (key, full_at, known_until) VALUES ($1, clock_timestamp(), clock_timestamp() + $2::interval)
		ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at, known_until = excluded.known_until`
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		if err := giveBack(ctx, tx, budgets(taken)); err != nil || taken.Pair.Key == nil {
			return err
		}
		_, err := tx.Exec(ctx, know, taken.Pair.Key, account.KnownTime)
		return err
	})
	if err != nil {
		return fmt.Errorf("note a sign-in: %w", err)
	}
	return nil
}

func giveBack(ctx context.Context, tx pgx.Tx, to []account.Budget) error {
	var batch pgx.Batch
	for _, b := range to {
		batch.Queue(`UPDATE login_budgets SET full_at = full_at - $2::interval WHERE key = $1`, b.Key, b.Every)
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// budgets returns them in the order of their keys, so that two tries never deadlock.
func budgets(try account.LoginTry) []account.Budget {
	all := slices.DeleteFunc([]account.Budget{try.Pair, try.Account, try.Address}, func(b account.Budget) bool { return b.Key == nil })
	slices.SortFunc(all, func(a, b account.Budget) int { return bytes.Compare(a.Key, b.Key) })
	return all
}

// clearLogins deletes some rows that are no longer needed. A try adds at most
// three, so they never pile up and no job has to delete them.
func (db *DB) clearLogins(ctx context.Context) error {
	const query = `
		DELETE FROM login_budgets WHERE key IN (
		  SELECT key FROM login_budgets WHERE kept_until < clock_timestamp()
		  ORDER BY kept_until LIMIT 10 FOR UPDATE SKIP LOCKED)`
	if _, err := db.pool.Exec(ctx, query); err != nil {
		return fmt.Errorf("clear old tries to sign in: %w", err)
	}
	return nil
}
