package reconciledb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/store/pg"
)

// cleanFor is how long a clean check is accepted as a reason to take cash
// again. Little can have changed in that time. After it a new check is needed.
const cleanFor = 10 * time.Minute

// ErrNotClean means that new cash can't be taken again: the check is not a
// whole one, not clean or too old, or a later one found something.
var ErrNotClean = errors.New("the check is not a recent, clean check of the whole books")

// uncheckedAfter is how old the last check of the books may be. A check runs
// once a minute, and an alert fires after four minutes without one. A system
// whose books have not been checked for half an hour takes no new cash until
// they are. A system that was never checked has only just started.
const uncheckedAfter = 30 * time.Minute

// Mode returns whether new cash is taken, from the last change of the mode and
// the age of the last check.
func (db *DB) Mode(ctx context.Context) (reconcile.Mode, error) {
	const read = `SELECT coalesce(m.exit_only, false), coalesce(m.changed_at, '0001-01-01Z'), coalesce(m.changed_by, ''), coalesce(m.reason, ''),
			coalesce(c.finished_at < clock_timestamp() - $1::interval, false)
		FROM (SELECT) AS one
		LEFT JOIN (SELECT * FROM mode_changes ORDER BY id DESC LIMIT 1) AS m ON true
		LEFT JOIN (SELECT finished_at FROM books_checks ORDER BY id DESC LIMIT 1) AS c ON true`
	var m reconcile.Mode
	if err := db.pool.QueryRow(ctx, read, uncheckedAfter).Scan(&m.ExitOnly, &m.Since, &m.By, &m.Reason, &m.Unchecked); err != nil {
		return reconcile.Mode{}, fmt.Errorf("read the mode: %w", err)
	}
	m.Since = m.Since.UTC()
	return m, nil
}

// ModeChanges lists the changes of the mode, by whom and why, newest first.
func (db *DB) ModeChanges(ctx context.Context, limit int) ([]reconcile.Mode, error) {
	const read = `SELECT exit_only, false, changed_at, changed_by || ' (' || login || ')', reason FROM mode_changes ORDER BY id DESC LIMIT $1`
	rows, _ := db.pool.Query(ctx, read, limit)
	return pg.All(rows, pgx.RowToStructByPos[reconcile.Mode], "list the changes of the mode")
}

// TakeNoCash puts the service in exit-only mode. It reports whether that changed the mode.
func (db *DB) TakeNoCash(ctx context.Context, by, reason string) (bool, error) {
	return takeNoCash(ctx, db.pool, by, reason, nil)
}

func takeNoCash(ctx context.Context, on pg.Querier, by, reason string, check *int64) (bool, error) {
	const change = `INSERT INTO mode_changes (exit_only, changed_by, reason, check_id)
		SELECT true, $1, $2, $3
		WHERE NOT coalesce((SELECT exit_only FROM mode_changes ORDER BY id DESC LIMIT 1), false)
		RETURNING id`
	var id int64
	err := on.QueryRow(ctx, change, by, reason, check).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take no more cash: %w", err)
	}
	return true, nil
}

// TakeCashAgain ends exit-only mode on the basis of a check of the whole books
// that is clean, less than ten minutes old, and followed by none that found a
// broken rule. Otherwise the error is ErrNotClean. It reports whether that
// changed the mode.
func (db *DB) TakeCashAgain(ctx context.Context, by, reason string, check int64) (bool, error) {
	const change = `INSERT INTO mode_changes (exit_only, changed_by, reason, check_id)
		SELECT false, $1, $2, c.id FROM books_checks c
		WHERE c.id = $3 AND c.whole AND c.broken = 0 AND c.finished_at > clock_timestamp() - $4::interval
			AND NOT EXISTS (SELECT FROM books_checks later WHERE later.id > c.id AND later.broken > 0)
		RETURNING id`
	mode, err := db.Mode(ctx)
	if err != nil || !mode.ExitOnly {
		return false, err
	}
	var id int64
	err = db.pool.QueryRow(ctx, change, by, reason, check, cleanFor).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, ErrNotClean
	}
	if err != nil {
		return false, fmt.Errorf("take cash again: %w", err)
	}
	return true, nil
}

// LastCheck returns the newest check of the books, and whether there is one.
func (db *DB) LastCheck(ctx context.Context) (reconcile.Report, bool, error) {
	const read = `SELECT id, whole, started_at, finished_at, charged, wallets, held, put_in, paid, refunded, broken, late, findings
		FROM books_checks ORDER BY id DESC LIMIT 1`
	var r reconcile.Report
	var findings []byte
	err := db.pool.QueryRow(ctx, read).Scan(&r.ID, &r.Whole, &r.StartedAt, &r.FinishedAt, &r.Figures.Charged, &r.Figures.Wallets,
		&r.Figures.Held, &r.Figures.PutIn, &r.Figures.Paid, &r.Figures.Refunded, &r.Broken, &r.Late, &findings)
	if errors.Is(err, pgx.ErrNoRows) {
		return reconcile.Report{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(findings, &r.Findings)
	}
	if err != nil {
		return reconcile.Report{}, false, fmt.Errorf("read the last check of the books: %w", err)
	}
	r.StartedAt, r.FinishedAt = r.StartedAt.UTC(), r.FinishedAt.UTC()
	return r, true, nil
}
