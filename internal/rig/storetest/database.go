package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/store/pg"
)

// T is what the tests of the standard library and of rapid have in common.
type T interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// Database is a database of a test's own, with ways to look into it.
type Database struct {
	Pool *pg.Pool
	t    T
}

// Exec runs a statement, to change times or to break something.
func (d Database) Exec(query string, args ...any) {
	d.t.Helper()
	if _, err := d.Pool.Exec(d.t.Context(), query, args...); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
}

// Figure reads one whole number.
func (d Database) Figure(query string, args ...any) int64 {
	d.t.Helper()
	var n int64
	if err := d.Pool.QueryRow(d.t.Context(), query, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Await polls until a figure has the wanted value. A query without a row counts
// as not yet.
func (d Database) Await(want int64, query string, args ...any) {
	d.t.Helper()
	d.await(query, args, func(got int64) bool { return got == want }, want)
}

// AwaitLocks waits until that many sessions of the database wait for a lock.
func (d Database) AwaitLocks(sessions int64) {
	d.t.Helper()
	const waiting = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	d.await(waiting, nil, func(got int64) bool { return got >= sessions }, sessions)
}

func (d Database) await(query string, args []any, enough func(int64) bool, want int64) {
	d.t.Helper()
	var got int64
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		err := d.Pool.QueryRow(d.t.Context(), query, args...).Scan(&got)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			d.t.Fatalf("%s: %v", query, err)
		}
		if err == nil && enough(got) {
			return
		}
	}
	d.t.Fatalf("%s: waited too long, got %d, want %d", query, got, want)
}
