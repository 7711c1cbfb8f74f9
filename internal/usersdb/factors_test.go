package usersdb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/factor"
	"example.com/missionpot/internal/fault"
)

// withFactor makes a user whose second factor is on. The code of now has turned it on;
// the next one is still good, and stays so if a step passes meanwhile.
func (h house) withFactor(recovery ...string) (uuid.UUID, factor.Secret) {
	h.t.Helper()
	user, secret := h.user(0), factor.NewSecret()
	if err := h.BeginFactor(h.t.Context(), user, secret); err != nil {
		h.t.Fatal(err)
	}
	hashes := make([][]byte, len(recovery))
	for i, code := range recovery {
		hashes[i] = account.Code(code).Hash()
	}
	if err := h.ConfirmFactor(h.t.Context(), user, factor.Try(h.totp(secret, 0)), hashes); err != nil {
		h.t.Fatalf("turn the second factor on: %v", err)
	}
	return user, secret
}

// totp is the code of a step beside the present one.
func (h house) totp(secret factor.Secret, beside int64) string {
	h.t.Helper()
	code, err := secret.Code(factor.Step(time.Now()) + beside)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func TestOfManyUsesOfAFactorsCodeAtOnceOneIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user, secret := h.withFactor("spare")
	for _, code := range []string{h.totp(secret, 1), "spare"} {
		taken := h.atOnce(`SELECT FROM second_factors WHERE user_id = $1 FOR UPDATE`, user, func(int) error {
			return h.TakeFactor(t.Context(), user, factor.Try(code))
		})
		if taken != 1 {
			t.Errorf("the code was taken %d times, want once", taken)
		}
	}
}

func TestACodeIsOnlyItsOwners(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mina, _ := h.withFactor("mina's")
	jun, secret := h.withFactor("jun's")
	for _, code := range []string{"jun's", h.totp(secret, 1), "no code"} {
		if err := h.TakeFactor(t.Context(), mina, factor.Try(code)); !errors.Is(err, fault.BadCredentials) {
			t.Errorf("mina with the code %q: %v, want fault.BadCredentials", code, err)
		}
	}
	if err := h.TakeFactor(t.Context(), mina, factor.Try("")); !errors.Is(err, fault.SecondFactorRequired) {
		t.Errorf("mina without a code: %v, want fault.SecondFactorRequired", err)
	}
	if err := h.TakeFactor(t.Context(), jun, factor.Try("jun's")); err != nil {
		t.Errorf("jun with a code of theirs: %v", err)
	}
	if err := h.TakeFactor(t.Context(), h.user(0), factor.Try("")); err != nil {
		t.Errorf("somebody without a second factor: %v", err)
	}
}

func TestWhatIsOnIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user, secret := h.withFactor("spare")
	if err := h.BeginFactor(t.Context(), user, factor.NewSecret()); !errors.Is(err, fault.SecondFactorOn) {
		t.Errorf("begun over one that is on: %v, want fault.SecondFactorOn", err)
	}
	if err := h.ConfirmFactor(t.Context(), user, factor.Try(h.totp(secret, 1)), nil); !errors.Is(err, fault.SecondFactorOn) {
		t.Errorf("turned on twice: %v, want fault.SecondFactorOn", err)
	}
	if err := h.TakeFactor(t.Context(), user, factor.Try(h.totp(secret, 1))); err != nil {
		t.Errorf("the first app's code: %v", err)
	}
}

func TestAnOperatorRemovesASecondFactorOnTheRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user, _ := h.withFactor("spare")
	if err := h.startSession(user, "phone", month); err != nil {
		t.Fatal(err)
	}
	id, err := h.RemoveFactorOf(t.Context(), user.String()+"@example.com", "command:kim")
	if err != nil || id != user {
		t.Fatalf("removed %v's, error %v; want %v's", id, err, user)
	}
	if err := h.TakeFactor(t.Context(), user, factor.Try("")); err != nil {
		t.Errorf("a code is still asked for: %v", err)
	}
	if _, err := h.rotate("phone", "phone 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the phone goes on: %v, want fault.Unauthenticated", err)
	}
	if n := h.figure(`SELECT count(*) FROM operator_actions WHERE action = 'remove_second_factor' AND subject = $1`, user.String()); n != 1 {
		t.Errorf("%d lines in the record, want one", n)
	}
	if n := h.figure(`SELECT count(*) FROM recovery_codes`); n != 0 {
		t.Errorf("%d recovery codes are left, want none", n)
	}
}

func TestWhoLeavesTakesTheirSecondFactorAlong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user, _ := h.withFactor("spare")
	if err := h.Leave(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if n := h.figure(`SELECT (SELECT count(*) FROM second_factors) + (SELECT count(*) FROM recovery_codes)`); n != 0 {
		t.Errorf("%d rows are left of who has left", n)
	}
	if err := h.BeginFactor(t.Context(), user, factor.NewSecret()); err == nil {
		t.Error("who has left begins a second factor")
	}
}
