package peopledb_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
)

func (f fixture) changePassword(user uuid.UUID, from, to, refresh string) error {
	_, err := f.ChangePassword(f.t.Context(), user, from, to, hashOf(refresh), month)
	return err
}

func TestANewPasswordEndsEverySignInButItsOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, other := f.session("phone"), f.session("somebody else's")
	if err := f.changePassword(mina, f.passwordHash(mina), "new", "fresh"); err != nil {
		t.Fatal(err)
	}
	if got := f.passwordHash(mina); got != "new" {
		t.Errorf("the hash is %q, want the new one", got)
	}
	if _, err := f.rotate("phone", "phone 2"); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the phone is still signed in: %v, want fault.Unauthenticated", err)
	}
	if got, err := f.rotate("fresh", "fresh 2"); err != nil || got != mina {
		t.Errorf("the new sign-in: user %v, error %v", got, err)
	}
	if got, err := f.rotate("somebody else's", "next"); err != nil || got != other {
		t.Errorf("another user was signed out too: %v", err)
	}
}

func TestAnOldPasswordStartsNothingAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina := f.session("phone")
	before := f.passwordHash(mina)
	if err := f.changePassword(mina, before, "new", "fresh"); err != nil {
		t.Fatal(err)
	}
	if err := f.changePassword(mina, before, "thief's", "thief's"); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("a second change from the same hash: %v, want fault.BadCredentials", err)
	}
	if _, err := f.StartSession(t.Context(), mina, before, hashOf("late"), month); !errors.Is(err, fault.BadCredentials) {
		t.Errorf("a sign-in with the old hash: %v, want fault.BadCredentials", err)
	}
	if _, err := f.rotate("fresh", "fresh 2"); err != nil {
		t.Errorf("the sign-in of the change: %v, want it untouched", err)
	}
	for _, name := range []string{"thief's", "late"} {
		if _, err := f.rotate(name, name+" 2"); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("the token %q: %v, want fault.Unauthenticated", name, err)
		}
	}
}

// Sign-ins with the old password race its change; none of them may outlive it.
func TestNoSignInWithTheOldPasswordOutlivesItsChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for round := range 10 {
		mina := f.User(0)
		before := f.passwordHash(mina)
		var wg sync.WaitGroup
		name := func(i int) string { return fmt.Sprintf("round %d, old %d", round, i) }
		const signIns = 8
		for i := range signIns {
			wg.Go(func() {
				_, err := f.StartSession(t.Context(), mina, before, hashOf(name(i)), month)
				if err != nil && !errors.Is(err, fault.BadCredentials) {
					t.Errorf("sign in: %v", err)
				}
			})
		}
		wg.Go(func() {
			if err := f.changePassword(mina, before, "new", fmt.Sprintf("round %d, new", round)); err != nil {
				t.Errorf("change: %v", err)
			}
		})
		wg.Wait()
		for i := range signIns {
			if _, err := f.rotate(name(i), name(i)+" next"); !errors.Is(err, fault.Unauthenticated) {
				t.Fatalf("round %d: a sign-in with the old password is still valid: %v", round, err)
			}
		}
	}
}
