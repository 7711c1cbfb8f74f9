package usersdb_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/ledger"
)

// holding lists the tables that have a text in some row.
func (h house) holding(text string) []string {
	h.t.Helper()
	var tables []string
	rows, err := h.pool.Query(h.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, name)
	}
	for _, name := range all {
		if h.figure(`SELECT count(*) FROM `+name+` t WHERE strpos(lower(t::text), $1) > 0`, strings.ToLower(text)) > 0 {
			tables = append(tables, name)
		}
	}
	return tables
}

func TestWhoLeavesIsNowhereAndTheBooksAreWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina := person("mina.kim@example.com")
	mina.DisplayName, mina.Streamer = "Mina Kim", true
	h.signUp(mina)
	jun, creator := h.user(0), h.user(5_000)
	charge := openCharge(h, mina.ID, 3_000)
	if err := h.ResolveCharge(t.Context(), charge.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := h.startSession(mina.ID, "mina's", month); err != nil {
		t.Fatal(err)
	}
	m := h.mission()
	h.hold(bet(m, mina.ID, 3_000), bet(m, creator, 1_000))
	if err := h.Leave(t.Context(), mina.ID); !errors.Is(err, fault.AccountInUse) {
		t.Errorf("left with cash in a pot: %v, want fault.AccountInUse", err)
	}
	h.settle(m, ledger.Succeeded, jun, creator, 10)
	for range 2 {
		if err := h.Leave(t.Context(), mina.ID); err != nil {
			t.Fatalf("leave: %v", err)
		}
	}
	for _, text := range []string{mina.Email, mina.DisplayName, "hash of "} {
		if tables := h.holding(text); len(tables) > 0 {
			t.Errorf("%q is still in %v", text, tables)
		}
	}
	h.checkBooks()
	former, err := h.UserByID(t.Context(), mina.ID)
	if err != nil || !former.Left || former.DisplayName != account.FormerName || former.Streamer {
		t.Errorf("others see %+v, error %v; want a former user", former, err)
	}
	if id, hash, err := h.Credentials(t.Context(), former.Email); err != nil || hash != "" {
		t.Errorf("the empty account has credentials: %v %q %v", id, hash, err)
	}
	if _, err := h.rotate("mina's", "next"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a refresh token of who left: %v, want fault.Unauthenticated", err)
	}
	h.signUp(person("mina.kim@example.com"))
}

func openCharge(h house, user uuid.UUID, amount ledger.Won) ledger.Charge {
	h.t.Helper()
	c, _, err := h.OpenCharge(h.t.Context(), ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: user, Amount: amount}, uuid.NewString(), hashOf("a charge"))
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestNobodyLeavesCashBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	charging := h.user(0)
	openCharge(h, charging, 1_000)
	operator := h.user(0)
	h.exec(`INSERT INTO operators (user_id) VALUES ($1)`, operator)
	for name, user := range map[string]uuid.UUID{"cash": h.user(1), "a pending charge": charging, "the operator's role": operator} {
		if err := h.Leave(t.Context(), user); !errors.Is(err, fault.AccountInUse) {
			t.Errorf("left with %s: %v, want fault.AccountInUse", name, err)
		}
	}
	if err := h.Leave(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody left: %v, want fault.NotFound", err)
	}
	if n := h.figure(`SELECT count(*) FROM users WHERE left_at IS NOT NULL`); n != 0 {
		t.Errorf("%d accounts were emptied, want none", n)
	}
}

// Whichever comes first, cash never comes to an account that nobody has.
func TestOfAChargeAndLeavingAtOnceOneIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 20 {
		user := h.user(0)
		var left, charged error
		var wg sync.WaitGroup
		wg.Go(func() { left = h.Leave(t.Context(), user) })
		wg.Go(func() {
			_, _, charged = h.OpenCharge(t.Context(), ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: user, Amount: 1_000}, "key", hashOf("a charge"))
		})
		wg.Wait()
		if (left == nil) == (charged == nil) {
			t.Fatalf("leaving gave %v and the charge %v, want exactly one refused", left, charged)
		}
		if left != nil && !errors.Is(left, fault.AccountInUse) || charged != nil && !errors.Is(charged, fault.Unauthenticated) {
			t.Fatalf("leaving gave %v and the charge %v", left, charged)
		}
	}
}

func TestWhoLeftGetsNoMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	early, late, stays := h.user(0), h.user(0), h.user(0)
	mail := func(user uuid.UUID) {
		h.exec(`INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total) VALUES ($1, $2, 'contributor', 'failed', 'a mission', 1, 1)`, uuid.New(), user)
	}
	for _, user := range []uuid.UUID{early, stays} {
		mail(user)
	}
	for _, user := range []uuid.UUID{early, late} {
		if err := h.Leave(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	mail(late)
	claimed, err := h.ClaimMails(t.Context(), 10, time.Minute)
	if err != nil || len(claimed) != 1 || claimed[0].UserID != stays {
		t.Errorf("claimed %+v, error %v; want the one mail of who stays", claimed, err)
	}
	if n := h.figure(`SELECT count(*) FROM mails WHERE state <> 'sent' AND user_id <> $1`, stays); n != 0 {
		t.Errorf("%d mails to people who left are still due", n)
	}
	if n := h.figure(`SELECT count(*) FROM mails WHERE sent_at IS NOT NULL`); n != 0 {
		t.Errorf("%d mails say that they were sent, want none", n)
	}
}
