package peopledb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/totp"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

// withFactor makes a user whose second factor is on. It was turned on with the
// present code. The next one is still unused, and stays valid if a step passes
// meanwhile.
func (f fixture) withFactor(recovery ...string) (uuid.UUID, totp.Secret) {
	f.t.Helper()
	user, secret := f.User(0), totp.NewSecret()
	if err := f.BeginFactor(f.t.Context(), user, secret); err != nil {
		f.t.Fatal(err)
	}
	hashes := make([][]byte, len(recovery))
	for i, code := range recovery {
		hashes[i] = account.Code(code).Hash()
	}
	if err := f.ConfirmFactor(f.t.Context(), user, totp.Try(f.totp(secret, 0)), hashes); err != nil {
		f.t.Fatalf("turn the second factor on: %v", err)
	}
	return user, secret
}

// totp is the code of a step relative to the present one.
func (f fixture) totp(secret totp.Secret, beside int64) string {
	f.t.Helper()
	code, err := secret.Code(totp.Step(time.Now()) + beside)
	if err != nil {
		f.t.Fatal(err)
	}
	return code
}

func TestOfManyUsesOfAFactorsCodeAtOnceOneIsTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.withFactor("spare")
	for _, code := range []string{f.totp(secret, 1), "spare"} {
		taken := f.atOnce(`SELECT FROM second_factors WHERE user_id = $1 FOR UPDATE`, user, func(int) error {
			return f.TakeFactor(t.Context(), user, totp.Try(code))
		})
		if taken != 1 {
			t.Errorf("the code was taken %d times, want once", taken)
		}
	}
}

func TestACodeIsOnlyItsOwners(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, _ := f.withFactor("mina's")
	jun, secret := f.withFactor("jun's")
	for _, code := range []string{"jun's", f.totp(secret, 1), "no code"} {
		if err := f.TakeFactor(t.Context(), mina, totp.Try(code)); !errors.Is(err, fault.BadCredentials) {
			t.Errorf("mina with the code %q: %v, want fault.BadCredentials", code, err)
		}
	}
	if err := f.TakeFactor(t.Context(), mina, totp.Try("")); !errors.Is(err, fault.SecondFactorRequired) {
		t.Errorf("mina without a code: %v, want fault.SecondFactorRequired", err)
	}
	if err := f.TakeFactor(t.Context(), jun, totp.Try("jun's")); err != nil {
		t.Errorf("jun with a code of theirs: %v", err)
	}
	if err := f.TakeFactor(t.Context(), f.User(0), totp.Try("")); err != nil {
		t.Errorf("a user without a second factor: %v", err)
	}
}

func TestASecondFactorThatIsOnIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.withFactor("spare")
	if err := f.BeginFactor(t.Context(), user, totp.NewSecret()); !errors.Is(err, fault.SecondFactorOn) {
		t.Errorf("begun over one that is on: %v, want fault.SecondFactorOn", err)
	}
	if err := f.ConfirmFactor(t.Context(), user, totp.Try(f.totp(secret, 1)), nil); !errors.Is(err, fault.SecondFactorOn) {
		t.Errorf("turned on twice: %v, want fault.SecondFactorOn", err)
	}
	if err := f.TakeFactor(t.Context(), user, totp.Try(f.totp(secret, 1))); err != nil {
		t.Errorf("the first app's code: %v", err)
	}
}

func TestAnOperatorsRemovalOfASecondFactorIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, _ := f.withFactor("spare")
	if err := f.startSession(user, "phone", month); err != nil {
		t.Fatal(err)
	}
	id, err := f.RemoveFactorOf(t.Context(), user.String()+"@example.com", "command:kim")
	if err != nil || id != user {
		t.Fatalf("removed %v's, error %v; want %v's", id, err, user)
	}
	if err := f.TakeFactor(t.Context(), user, totp.Try("")); err != nil {
		t.Errorf("a code is still asked for: %v", err)
	}
	if _, err := f.rotate("phone", "phone 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the phone is still signed in: %v, want fault.Unauthenticated", err)
	}
	if n := f.Figure(`SELECT count(*) FROM operator_actions WHERE action = 'remove_second_factor' AND subject = $1`, user.String()); n != 1 {
		t.Errorf("%d entries in the audit log, want one", n)
	}
	if n := f.Figure(`SELECT count(*) FROM recovery_codes`); n != 0 {
		t.Errorf("%d recovery codes are left, want none", n)
	}
}

func TestLeavingRemovesTheSecondFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, _ := f.withFactor("spare")
	if err := f.Leave(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if n := f.Figure(`SELECT (SELECT count(*) FROM second_factors) + (SELECT count(*) FROM recovery_codes)`); n != 0 {
		t.Errorf("%d rows are left of a user who has left", n)
	}
	if err := f.BeginFactor(t.Context(), user, totp.NewSecret()); err == nil {
		t.Error("a user who has left begins a second factor")
	}
}
