package token_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

// Remembering must not change any answer: at any time and in any order, it is the answer of an
// issuer that verifies each time.
func TestARememberedTokenIsValidExactlyAsLongAsAnyOther(t *testing.T) {
	t.Parallel()
	plain := issuer(t, noon, firstKey(t, newSet(t)))
	at := noon
	clock := func() time.Time { return at }
	plain.Now = clock
	remembering, err := token.Remember(plain, 10)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := plain.Sign(token.Bearer{User: uuid.MustParse("01930000-0000-7000-8000-000000000000"), Roles: []account.Role{account.Operator}})
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{
		0, time.Minute, 0, -2 * time.Second, -5 * time.Second, -6 * time.Second, -time.Hour, time.Second,
		token.AccessTime - time.Second, token.AccessTime, token.AccessTime + 4*time.Second,
		token.AccessTime + 6*time.Second, token.AccessTime + time.Hour, time.Minute, 365 * 24 * time.Hour,
	} {
		at = noon.Add(after)
		want, wantErr := plain.Verify(signed)
		got, gotErr := remembering.Verify(signed)
		if diff := cmp.Diff(want, got); diff != "" || (wantErr == nil) != (gotErr == nil) {
			t.Errorf("%v after it was made: error %v, want %v; bearer (-want +got):\n%s", after, gotErr, wantErr, diff)
		}
	}
}

func TestNoOtherTokenMatchesARememberedOne(t *testing.T) {
	t.Parallel()
	plain, stranger := issuer(t, noon, firstKey(t, newSet(t))), issuer(t, noon, firstKey(t, newSet(t)))
	remembering, err := token.Remember(plain, 2)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(by *token.Issuer) (signed string, user uuid.UUID) {
		user = uuid.New()
		signed, err := by.Sign(token.Bearer{User: user})
		if err != nil {
			t.Fatal(err)
		}
		return signed, user
	}
	for range 5 { // more than are remembered
		signed, user := sign(plain)
		forged, _ := sign(stranger)
		for range 2 {
			if got, err := remembering.Verify(signed); err != nil || got.User != user {
				t.Errorf("a good token is %v's, error %v; want %v's", got.User, err, user)
			}
			for _, bad := range []string{forged, signed[:len(signed)-4] + "AAAA", signed + ".", ""} {
				if got, err := remembering.Verify(bad); !errors.Is(err, fault.Unauthenticated) || got.User != uuid.Nil {
					t.Errorf("a bad token is %v's, error %v; want fault.Unauthenticated", got.User, err)
				}
			}
		}
	}
	if _, err := token.Remember(plain, 0); err == nil {
		t.Error("a memory of size 0 is accepted")
	}
}
