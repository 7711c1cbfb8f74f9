package peopledb_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// holding lists the tables that contain a text in some row.
func (f fixture) holding(text string) []string {
	f.t.Helper()
	var tables []string
	rows, err := f.Pool.Query(f.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, name)
	}
	for _, name := range all {
		if f.Figure(`SELECT count(*) FROM `+name+` t WHERE strpos(lower(t::text), $1) > 0`, strings.ToLower(text)) > 0 {
			tables = append(tables, name)
		}
	}
	return tables
}

func TestAUserWhoLeftIsGoneAndTheBooksBalance(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina := person("mina.kim@example.com")
	mina.DisplayName, mina.Streamer = "Mina Kim", true
	f.signUp(mina)
	jun, creator := f.User(0), f.User(5_000)
	charge := openCharge(f, mina.ID, 3_000)
	if err := f.ResolveCharge(t.Context(), charge.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := f.startSession(mina.ID, "mina's", month); err != nil {
		t.Fatal(err)
	}
	m := f.Escrow()
	f.MustHold(storetest.Bet(m, mina.ID, 3_000), storetest.Bet(m, creator, 1_000))
	if err := f.Leave(t.Context(), mina.ID); !errors.Is(err, fault.AccountInUse) {
		t.Errorf("left with cash in a pot: %v, want fault.AccountInUse", err)
	}
	f.MustSettle(m, ledger.Succeeded, jun, creator, 10)
	for range 2 {
		if err := f.Leave(t.Context(), mina.ID); err != nil {
			t.Fatalf("leave: %v", err)
		}
	}
	for _, text := range []string{mina.Email, mina.DisplayName, "hash of "} {
		if tables := f.holding(text); len(tables) > 0 {
			t.Errorf("%q is still in %v", text, tables)
		}
	}
	f.CheckBooks()
	former, err := f.UserByID(t.Context(), mina.ID)
	if err != nil || !former.Left || former.DisplayName != account.FormerName || former.Streamer {
		t.Errorf("others see %+v, error %v; want a former user", former, err)
	}
	if id, hash, err := f.Credentials(t.Context(), former.Email); err != nil || hash != "" {
		t.Errorf("the empty account has credentials: %v %q %v", id, hash, err)
	}
	if _, err := f.rotate("mina's", "next"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a refresh token of a user who left: %v, want fault.Unauthenticated", err)
	}
	f.signUp(person("mina.kim@example.com"))
}

func openCharge(f fixture, user uuid.UUID, amount ledger.Won) ledger.Charge {
	f.t.Helper()
	c, _, err := f.OpenCharge(f.t.Context(), ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: user, Amount: amount}, uuid.NewString(), hashOf("a charge"))
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func TestNobodyLeavesCashBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	charging := f.User(0)
	openCharge(f, charging, 1_000)
	operator := f.User(0)
	f.Exec(`INSERT INTO operators (user_id) VALUES ($1)`, operator)
	for name, user := range map[string]uuid.UUID{"cash": f.User(1), "a pending charge": charging, "the operator's role": operator} {
		if err := f.Leave(t.Context(), user); !errors.Is(err, fault.AccountInUse) {
			t.Errorf("left with %s: %v, want fault.AccountInUse", name, err)
		}
	}
	if err := f.Leave(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown user: %v, want fault.NotFound", err)
	}
	if n := f.Figure(`SELECT count(*) FROM users WHERE left_at IS NOT NULL`); n != 0 {
		t.Errorf("%d accounts were emptied, want none", n)
	}
}

// Whichever comes first, an account that its user has left never gets cash.
func TestOfAChargeAndLeavingAtOnceOneIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 20 {
		user := f.User(0)
		var left, charged error
		var wg sync.WaitGroup
		wg.Go(func() { left = f.Leave(t.Context(), user) })
		wg.Go(func() {
			_, _, charged = f.OpenCharge(t.Context(), ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: user, Amount: 1_000}, "key", hashOf("a charge"))
		})
		wg.Wait()
		if (left == nil) == (charged == nil) {
			t.Fatalf("leaving returned %v and the charge %v, want exactly one refused", left, charged)
		}
		if left != nil && !errors.Is(left, fault.AccountInUse) || charged != nil && !errors.Is(charged, fault.Unauthenticated) {
			t.Fatalf("leaving returned %v and the charge %v", left, charged)
		}
	}
}

func TestAUserWhoLeftGetsNoMail(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	early, late, stays := f.User(0), f.User(0), f.User(0)
	mail := func(user uuid.UUID) {
		f.Exec(`INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total) VALUES ($1, $2, 'contributor', 'failed', 'a mission', 1, 1)`, uuid.New(), user)
	}
	for _, user := range []uuid.UUID{early, stays} {
		mail(user)
	}
	for _, user := range []uuid.UUID{early, late} {
		if err := f.Leave(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	mail(late)
	claimed, err := f.ClaimMails(t.Context(), 10, time.Minute)
	if err != nil || len(claimed) != 1 || claimed[0].UserID != stays {
		t.Errorf("claimed %+v, error %v; want the one mail of the user who stays", claimed, err)
	}
	if n := f.Figure(`SELECT count(*) FROM mails WHERE state <> 'sent' AND user_id <> $1`, stays); n != 0 {
		t.Errorf("%d mails to people who left are still due", n)
	}
	if n := f.Figure(`SELECT count(*) FROM mails WHERE sent_at IS NOT NULL`); n != 0 {
		t.Errorf("%d mails are marked as sent, want none", n)
	}
}
