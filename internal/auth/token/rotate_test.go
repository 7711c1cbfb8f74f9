package token_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
)

// During a rotation some instances have the set of one step and others the set of the next.
func TestARotationRefusesNoGoodToken(t *testing.T) {
	t.Parallel()
	first, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	sets := [][]byte{first}
	for i, change := range []func([]byte) ([]byte, error){token.AddKey, token.UseNewKey} {
		next, err := change(sets[len(sets)-1])
		if err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
		sets = append(sets, next)
	}
	for i, signing := range sets {
		for _, j := range []int{i - 1, i, i + 1} {
			if j < 0 || j >= len(sets) {
				continue
			}
			user := uuid.New()
			signed, err := issuerOf(t, signing).Sign(token.Bearer{User: user})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := issuerOf(t, sets[j]).Verify(signed); err != nil || got.User != user {
				t.Errorf("a token of step %d is refused at step %d: %v", i, j, err)
			}
		}
	}
}

func TestATokenOfADroppedKeyIsRefused(t *testing.T) {
	t.Parallel()
	old, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	set := old
	for _, change := range []func([]byte) ([]byte, error){token.AddKey, token.UseNewKey, token.DropOldKeys} {
		if set, err = change(set); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := issuerOf(t, old).Sign(token.Bearer{User: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := issuerOf(t, set).Verify(signed); err == nil {
		t.Error("a token of the dropped key is accepted, want it refused")
	}
	if signed, err = issuerOf(t, set).Sign(token.Bearer{User: uuid.New()}); err != nil {
		t.Fatal(err)
	}
	if _, err := issuerOf(t, old).Verify(signed); err == nil {
		t.Error("the old key is still the one that signs")
	}
}

func TestUseFailsBeforeAKeyWasAdded(t *testing.T) {
	t.Parallel()
	set, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.UseNewKey(set); err == nil {
		t.Error("used a new key that is not there")
	}
	for name, change := range map[string]func([]byte) ([]byte, error){"add": token.AddKey, "use": token.UseNewKey, "drop": token.DropOldKeys} {
		if _, err := change([]byte("{}")); err == nil {
			t.Errorf("%s: accepted a set without keys", name)
		}
	}
}

func issuerOf(t *testing.T, set []byte) *token.Issuer {
	t.Helper()
	keys, err := token.ParseSet(set)
	if err != nil {
		t.Fatal(err)
	}
	return &token.Issuer{Keys: keys, Name: "missionpot", Audience: "missionpot", Now: func() time.Time { return noon }}
}
