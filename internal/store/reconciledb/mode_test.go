package reconciledb_test

import (
	"errors"
	"testing"
	"time"

	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/store/reconciledb"
)

// keptCheck records a check that finished that long ago, and returns its id.
func (f fixture) keptCheck(whole bool, broken int, ago time.Duration) int64 {
	f.t.Helper()
	return f.Figure(`INSERT INTO books_checks (whole, started_at, finished_at, charged, wallets, held, put_in, paid, refunded, broken, late, findings)
		VALUES ($1, clock_timestamp() - $3::interval, clock_timestamp() - $3::interval, 0, 0, 0, 0, 0, 0, $2, 0, '[]') RETURNING id`, whole, broken, ago)
}

func (f fixture) mode() reconcile.Mode {
	f.t.Helper()
	mode, err := f.Mode(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return mode
}

func TestCashIsTakenUntilTheModeIsChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if got := f.mode(); got != (reconcile.Mode{}) {
		t.Errorf("a new instance is in the mode %+v, want open", got)
	}
	for _, want := range []bool{true, false} {
		if changed, err := f.TakeNoCash(t.Context(), "mina", "the drill"); err != nil || changed != want {
			t.Errorf("take no cash: changed %t (%v), want %t", changed, err, want)
		}
	}
	got := f.mode()
	if !got.ExitOnly || got.By != "mina" || got.Reason != "the drill" || time.Since(got.Since) > time.Minute {
		t.Errorf("the mode is %+v, want exit-only by mina for the drill, just now", got)
	}
}

func TestCashIsTakenAgainOnlyAfterACleanCheck(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.TakeNoCash(t.Context(), "mina", "the drill"); err != nil {
		t.Fatal(err)
	}
	again := func(check int64) error {
		_, err := f.TakeCashAgain(t.Context(), "jun", "repaired", check)
		return err
	}
	overtaken := f.keptCheck(true, 0, 2*time.Minute)
	for what, check := range map[string]int64{
		"no check":                      0,
		"a check of a part":             f.keptCheck(false, 0, 0),
		"a check that found something":  f.keptCheck(true, 1, 0),
		"an old check":                  f.keptCheck(true, 0, time.Hour),
		"a check before one that found": overtaken,
	} {
		if err := again(check); !errors.Is(err, reconciledb.ErrNotClean) {
			t.Errorf("%s: got %v, want a refusal", what, err)
		}
		if !f.mode().ExitOnly {
			t.Fatalf("after %s cash is taken again", what)
		}
	}
	clean := f.keptCheck(true, 0, time.Minute)
	if err := again(clean); err != nil || f.mode().ExitOnly {
		t.Errorf("a clean check: %v, mode %+v; want open", err, f.mode())
	}
	if changed, err := f.TakeCashAgain(t.Context(), "jun", "again", clean); changed || err != nil {
		t.Errorf("already open: changed %t (%v), want no change", changed, err)
	}
	changes, err := f.ModeChanges(t.Context(), 10)
	if err != nil || len(changes) != 2 || changes[0].Reason != "repaired" || changes[1].Reason != "the drill" {
		t.Errorf("the changes are %+v (%v), want both, newest first", changes, err)
	}
}

func TestEveryChangeOfTheModeKeepsWhoMadeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.TakeNoCash(t.Context(), "mina", "the drill"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`DELETE FROM mode_changes`, `UPDATE mode_changes SET changed_by = 'nobody'`, `TRUNCATE mode_changes`} {
		if _, err := f.Pool.Exec(t.Context(), query); err == nil {
			t.Errorf("%s succeeded, want a refusal by the database", query)
		}
	}
}
