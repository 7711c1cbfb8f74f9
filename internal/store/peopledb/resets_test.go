package peopledb_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mailtext"
)

// askReset asks from an address of its own each time, so that only the account's budget
// counts.
func (f fixture) askReset(user uuid.UUID) {
	f.t.Helper()
	email := user.String() + "@example.com"
	from := netip.AddrFrom4([4]byte(user[12:16]))
	asked, wait, err := f.AskReset(f.t.Context(), account.NewResetTry([]byte("a key"), email, from), email)
	if err != nil || wait != 0 || asked != user {
		f.t.Fatalf("ask for a code: for %v, wait %v, error %v; want %v at once", asked, wait, err, user)
	}
}

// claimReset claims the mail that is due, with a code of the name.
func (f fixture) claimReset(code string) *mailtext.Reset {
	f.t.Helper()
	due, err := f.ClaimReset(f.t.Context(), hashOf(code), time.Hour, time.Minute)
	if err != nil {
		f.t.Fatalf("claim: %v", err)
	}
	return due
}

func (f fixture) resetPassword(code, to, refresh string) error {
	_, err := f.ResetPassword(f.t.Context(), hashOf(code), to, hashOf(refresh), month)
	return err
}

// atOnce runs a function several times while another transaction holds the lock
// of a row, so that all calls have started before one can continue. It returns
// how many had no error. The error of the others must be fault.BadCredentials.
func (f fixture) atOnce(locked string, user uuid.UUID, act func(i int) error) (good int) {
	f.t.Helper()
	const times = 8
	tx, err := f.Pool.Begin(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }() // a no-op after the one below
	if _, err := tx.Exec(f.t.Context(), locked, user); err != nil {
		f.t.Fatal(err)
	}
	errs := make(chan error, times)
	for i := range times {
		go func() { errs <- act(i) }()
	}
	f.AwaitLocks(times)
	if err := tx.Rollback(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	for range times {
		switch err := <-errs; {
		case err == nil:
			good++
		case !errors.Is(err, fault.BadCredentials):
			f.t.Errorf("one of them: %v, want fault.BadCredentials", err)
		}
	}
	return good
}

func TestOfManyUsesOfACodeAtOnceOneWins(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, other := f.session("phone"), f.session("somebody else's")
	f.askReset(mina)
	if due := f.claimReset("code"); due == nil || due.UserID != mina || due.Email != mina.String()+"@example.com" {
		t.Fatalf("claimed %+v, want mina's", due)
	}
	won := f.atOnce(`SELECT FROM users WHERE id = $1 FOR UPDATE`, mina, func(i int) error {
		return f.resetPassword("code", fmt.Sprintf("hash %d", i), fmt.Sprintf("fresh %d", i))
	})
	if won != 1 {
		t.Errorf("the code worked %d times, want once", won)
	}
	if n := f.Figure(`SELECT count(*) FROM refresh_families WHERE user_id = $1 AND revoked_at IS NULL`, mina); n != 1 {
		t.Errorf("%d sign-ins are valid, want only the new one", n)
	}
	if _, err := f.rotate("phone", "phone 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the phone is still signed in: %v, want fault.Unauthenticated", err)
	}
	if got, err := f.rotate("somebody else's", "next"); err != nil || got != other {
		t.Errorf("another user was signed out too: %v", err)
	}
}

func TestTwoClaimersNeitherMailTheSameCodeNorWaitForOneAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, jun := f.User(0), f.User(0)
	f.askReset(mina)
	f.askReset(jun)
	other, err := f.Pool.Begin(t.Context()) // another claimer, in the middle of its transaction
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback(context.Background()) }() // a no-op after the one below
	if _, err := other.Exec(t.Context(), `SELECT FROM password_resets WHERE user_id = $1 FOR UPDATE`, mina); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, want := range []uuid.UUID{jun, uuid.Nil} {
		due, err := f.ClaimReset(ctx, hashOf("jun's"), time.Hour, time.Minute)
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
	if due := f.claimReset("mina's"); due == nil || due.UserID != mina {
		t.Errorf("claimed %+v after the other one ended, want mina's", due)
	}
}

func TestAMailThatFailedComesAgainWithAnotherCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina := f.User(0)
	f.askReset(mina)
	f.claimReset("first")
	if err := f.ResetFailed(t.Context(), hashOf("first"), time.Hour/2); err != nil {
		t.Fatal(err)
	}
	if due := f.claimReset("too early"); due != nil {
		t.Errorf("claimed %+v while it has to wait", due)
	}
	if user, err := f.UserByReset(t.Context(), hashOf("first")); err != nil || user.ID != mina {
		t.Errorf("the first code, whose mail may have arrived, is %v's, error %v; want mina's", user.ID, err)
	}
	f.Exec(`UPDATE password_resets SET due_at = clock_timestamp()`)
	if due := f.claimReset("second"); due == nil || due.Attempt != 2 {
		t.Fatalf("claimed %+v, want the second attempt", due)
	}
	if _, err := f.UserByReset(t.Context(), hashOf("first")); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("the first code after the second: %v, want fault.BadCredentials", err)
	}
	if err := f.ResetSent(t.Context(), hashOf("second")); err != nil {
		t.Fatal(err)
	}
	f.Exec(`UPDATE password_resets SET due_at = clock_timestamp()`)
	if due := f.claimReset("third"); due != nil {
		t.Errorf("claimed %+v after it was sent", due)
	}
}

// A user asks again while the mail is being sent: the second mail must be sent
// too, whatever happens to the first.
func TestAskingAgainWhileAMailIsUnderWayMailsAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina := f.User(0)
	f.askReset(mina)
	f.claimReset("first")
	f.askReset(mina)
	if err := f.ResetSent(t.Context(), hashOf("first")); err != nil {
		t.Fatal(err)
	}
	if due := f.claimReset("second"); due == nil || due.UserID != mina {
		t.Errorf("claimed %+v, want mina's again", due)
	}
}

func TestAnExpiredCodeIsNotMailedAndIsDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, jun := f.User(0), f.User(0)
	f.askReset(mina)
	f.Exec(`UPDATE password_resets SET asked_at = clock_timestamp() - interval '61 minutes'`)
	if due := f.claimReset("late"); due != nil {
		t.Errorf("claimed %+v an hour after it was asked for", due)
	}
	f.Exec(`UPDATE password_resets SET asked_at = clock_timestamp() - interval '25 hours'`)
	f.askReset(jun)
	if n := f.Figure(`SELECT count(*) FROM password_resets WHERE user_id = $1`, mina); n != 0 {
		t.Error("a day later the row is still there")
	}
	f.claimReset("jun's")
	if err := f.Leave(t.Context(), jun); err != nil {
		t.Fatal(err)
	}
	if n := f.Figure(`SELECT count(*) FROM password_resets`); n != 0 {
		t.Errorf("%d rows are left of a user who has left", n)
	}
	if err := f.resetPassword("jun's", "hash", "fresh"); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("a code of a user who has left: %v, want fault.BadCredentials", err)
	}
}
