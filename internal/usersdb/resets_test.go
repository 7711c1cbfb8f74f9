package usersdb_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/letter"
)

// askReset asks from an address of its own each time, so that only the account's budget
// counts.
func (h house) askReset(user uuid.UUID) {
	h.t.Helper()
	email := user.String() + "@example.com"
	from := netip.AddrFrom4([4]byte(user[12:16]))
	asked, wait, err := h.AskReset(h.t.Context(), account.NewResetTry([]byte("a key"), email, from), email)
	if err != nil || wait != 0 || asked != user {
		h.t.Fatalf("ask for a code: for %v, wait %v, error %v; want %v at once", asked, wait, err, user)
	}
}

// claimReset claims the mail that is due, with a code of the name.
func (h house) claimReset(code string) *letter.Reset {
	h.t.Helper()
	due, err := h.ClaimReset(h.t.Context(), hashOf(code), time.Hour, time.Minute)
	if err != nil {
		h.t.Fatalf("claim: %v", err)
	}
	return due
}

func (h house) resetPassword(code, to, refresh string) error {
	_, err := h.ResetPassword(h.t.Context(), hashOf(code), to, hashOf(refresh), month)
	return err
}

// atOnce runs a function several times while somebody else holds the lock of a row, so
// that all of them have begun before one can go on. It returns how many had no error;
// the error of the others must be fault.BadCredentials.
func (h house) atOnce(locked string, user uuid.UUID, f func(i int) error) (good int) {
	h.t.Helper()
	const times = 8
	tx, err := h.pool.Begin(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }() // after the one below it does nothing
	if _, err := tx.Exec(h.t.Context(), locked, user); err != nil {
		h.t.Fatal(err)
	}
	errs := make(chan error, times)
	for i := range times {
		go func() { errs <- f(i) }()
	}
	h.waitForLocks(times)
	if err := tx.Rollback(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	for range times {
		switch err := <-errs; {
		case err == nil:
			good++
		case !errors.Is(err, fault.BadCredentials):
			h.t.Errorf("one of them: %v, want fault.BadCredentials", err)
		}
	}
	return good
}

func TestOfManyUsesOfACodeAtOnceOneWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina, other := h.session("phone"), h.session("somebody else's")
	h.askReset(mina)
	if due := h.claimReset("code"); due == nil || due.UserID != mina || due.Email != mina.String()+"@example.com" {
		t.Fatalf("claimed %+v, want mina's", due)
	}
	won := h.atOnce(`SELECT FROM users WHERE id = $1 FOR UPDATE`, mina, func(i int) error {
		return h.resetPassword("code", fmt.Sprintf("hash %d", i), fmt.Sprintf("fresh %d", i))
	})
	if won != 1 {
		t.Errorf("the code worked %d times, want once", won)
	}
	if n := h.figure(`SELECT count(*) FROM refresh_families WHERE user_id = $1 AND revoked_at IS NULL`, mina); n != 1 {
		t.Errorf("%d sign-ins go on, want the new one alone", n)
	}
	if _, err := h.rotate("phone", "phone 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the phone goes on: %v, want fault.Unauthenticated", err)
	}
	if got, err := h.rotate("somebody else's", "next"); err != nil || got != other {
		t.Errorf("somebody else was signed out too: %v", err)
	}
}

func TestTwoClaimersNeitherMailTheSameCodeNorWaitForOneAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina, jun := h.user(0), h.user(0)
	h.askReset(mina)
	h.askReset(jun)
	other, err := h.pool.Begin(t.Context()) // another claimer, in the middle of it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.Background()) }() // after the one below it does nothing
	if _, err := other.Exec(t.Context(), `SELECT FROM password_resets WHERE user_id = $1 FOR UPDATE`, mina); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, want := range []uuid.UUID{jun, uuid.Nil} {
		due, err := h.ClaimReset(ctx, hashOf("jun's"), time.Hour, time.Minute)
		if err != nil {
			t.Fatalf("claim beside another: %v", err)
		}
		if got := due; want == uuid.Nil && got != nil || want != uuid.Nil && (got == nil || got.UserID != want) {
			t.Errorf("claimed %+v, want that of %v", got, want)
		}
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if due := h.claimReset("mina's"); due == nil || due.UserID != mina {
		t.Errorf("claimed %+v once the other was gone, want mina's", due)
	}
}

func TestAMailThatFailedComesAgainWithAnotherCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina := h.user(0)
	h.askReset(mina)
	h.claimReset("first")
	if err := h.ResetFailed(t.Context(), hashOf("first"), time.Hour/2); err != nil {
		t.Fatal(err)
	}
	if due := h.claimReset("too early"); due != nil {
		t.Errorf("claimed %+v while it rests", due)
	}
	if user, err := h.UserByReset(t.Context(), hashOf("first")); err != nil || user.ID != mina {
		t.Errorf("the first code, whose mail may have arrived, is %v's, error %v; want mina's", user.ID, err)
	}
	h.exec(`UPDATE password_resets SET due_at = clock_timestamp()`)
	if due := h.claimReset("second"); due == nil || due.Attempt != 2 {
		t.Fatalf("claimed %+v, want the second attempt", due)
	}
	if _, err := h.UserByReset(t.Context(), hashOf("first")); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("the first code after the second: %v, want fault.BadCredentials", err)
	}
	if err := h.ResetSent(t.Context(), hashOf("second")); err != nil {
		t.Fatal(err)
	}
	h.exec(`UPDATE password_resets SET due_at = clock_timestamp()`)
	if due := h.claimReset("third"); due != nil {
		t.Errorf("claimed %+v after it was sent", due)
	}
}

// Somebody asks again while the mail is on its way: the second one must go out too,
// whatever becomes of the first.
func TestAskingAgainWhileAMailIsUnderWayMailsAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina := h.user(0)
	h.askReset(mina)
	h.claimReset("first")
	h.askReset(mina)
	if err := h.ResetSent(t.Context(), hashOf("first")); err != nil {
		t.Fatal(err)
	}
	if due := h.claimReset("second"); due == nil || due.UserID != mina {
		t.Errorf("claimed %+v, want mina's again", due)
	}
}

func TestACodeThatNobodyWaitsForAnyMoreIsNotMailedAndGoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina, jun := h.user(0), h.user(0)
	h.askReset(mina)
	h.exec(`UPDATE password_resets SET asked_at = clock_timestamp() - interval '61 minutes'`)
	if due := h.claimReset("late"); due != nil {
		t.Errorf("claimed %+v an hour after it was asked for", due)
	}
	h.exec(`UPDATE password_resets SET asked_at = clock_timestamp() - interval '25 hours'`)
	h.askReset(jun)
	if n := h.figure(`SELECT count(*) FROM password_resets WHERE user_id = $1`, mina); n != 0 {
		t.Error("a day later the row is still there")
	}
	h.claimReset("jun's")
	if err := h.Leave(t.Context(), jun); err != nil {
		t.Fatal(err)
	}
	if n := h.figure(`SELECT count(*) FROM password_resets`); n != 0 {
		t.Errorf("%d rows are left of who has left", n)
	}
	if err := h.resetPassword("jun's", "hash", "fresh"); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("a code of who has left: %v, want fault.BadCredentials", err)
	}
}
