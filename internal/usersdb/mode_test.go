package usersdb_test

import (
	"errors"
	"testing"
	"time"

	"example.com/missionpot/internal/books"
	"example.com/missionpot/internal/usersdb"
)

// keptCheck writes down a check that was finished so long ago, and returns its id.
func (h house) keptCheck(whole bool, broken int, ago time.Duration) int64 {
	h.t.Helper()
	return h.figure(`INSERT INTO books_checks (whole, started_at, finished_at, charged, wallets, held, put_in, paid, refunded, broken, late, findings)
		VALUES ($1, clock_timestamp() - $3::interval, clock_timestamp() - $3::interval, 0, 0, 0, 0, 0, 0, $2, 0, '[]') RETURNING id`, whole, broken, ago)
}

func (h house) mode() books.Mode {
	h.t.Helper()
	mode, err := h.Mode(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return mode
}

func TestCashIsTakenUntilSomebodySaysOtherwise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if got := h.mode(); got != (books.Mode{}) {
		t.Errorf("a new instance is in the mode %+v, want open", got)
	}
	for _, want := range []bool{true, false} {
		if changed, err := h.TakeNoCash(t.Context(), "mina", "the drill"); err != nil || changed != want {
			t.Errorf("take no cash: changed %t (%v), want %t", changed, err, want)
		}
	}
	got := h.mode()
	if !got.ExitOnly || got.By != "mina" || got.Reason != "the drill" || time.Since(got.Since) > time.Minute {
		t.Errorf("the mode is %+v, want exit-only by mina for the drill, just now", got)
	}
}

func TestCashIsTakenAgainOnlyOnTheStrengthOfACleanCheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.TakeNoCash(t.Context(), "mina", "the drill"); err != nil {
		t.Fatal(err)
	}
	again := func(check int64) error {
		_, err := h.TakeCashAgain(t.Context(), "jun", "mended", check)
		return err
	}
	overtaken := h.keptCheck(true, 0, 2*time.Minute)
	for what, check := range map[string]int64{
		"no check":                      0,
		"a check of a part":             h.keptCheck(false, 0, 0),
		"a check that found something":  h.keptCheck(true, 1, 0),
		"an old check":                  h.keptCheck(true, 0, time.Hour),
		"a check before one that found": overtaken,
	} {
		if err := again(check); !errors.Is(err, usersdb.ErrNotClean) {
			t.Errorf("%s: got %v, want a refusal", what, err)
		}
		if !h.mode().ExitOnly {
			t.Fatalf("%s opened", what)
		}
	}
	clean := h.keptCheck(true, 0, time.Minute)
	if err := again(clean); err != nil || h.mode().ExitOnly {
		t.Errorf("a clean check: %v, mode %+v; want open", err, h.mode())
	}
	if changed, err := h.TakeCashAgain(t.Context(), "jun", "again", clean); changed || err != nil {
		t.Errorf("open already: changed %t (%v), want nothing", changed, err)
	}
	changes, err := h.ModeChanges(t.Context(), 10)
	if err != nil || len(changes) != 2 || changes[0].Reason != "mended" || changes[1].Reason != "the drill" {
		t.Errorf("the record is %+v (%v), want both changes, newest first", changes, err)
	}
}

func TestWhoChangedTheModeIsNeverForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.TakeNoCash(t.Context(), "mina", "the drill"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`DELETE FROM mode_changes`, `UPDATE mode_changes SET changed_by = 'nobody'`, `TRUNCATE mode_changes`} {
		if _, err := h.pool.Exec(t.Context(), query); err == nil {
			t.Errorf("%s went through, want a refusal by the database", query)
		}
	}
}
