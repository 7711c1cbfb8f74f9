package account_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
)

func TestACodeIsFoundHoweverItWasTyped(t *testing.T) {
	t.Parallel()
	code, other := account.NewCode(), account.NewCode()
	if code == other || len(code) != 26 {
		t.Errorf("the codes %q and %q, want two different ones of 26 characters", code, other)
	}
	typed := account.Code(" " + strings.ToLower(string(code)) + "\n")
	if !bytes.Equal(typed.Hash(), code.Hash()) {
		t.Errorf("%q is not the code %q", typed, code)
	}
	if bytes.Equal(other.Hash(), code.Hash()) {
		t.Error("two codes have one hash")
	}
}

// Whoever asks for codes in somebody's name must not keep that person from signing in.
func TestTheBudgetsOfSigningInAndOfCodesAreSeparate(t *testing.T) {
	t.Parallel()
	key, from := []byte("a key"), netip.MustParseAddr("192.0.2.1")
	user := uuid.New()
	login, reset, factor := account.NewLoginTry(key, "mina@example.com", from), account.NewResetTry(key, "mina@example.com", from), account.NewFactorTry(key, user)
	seen := map[string]bool{}
	for _, b := range []account.Budget{login.Pair, login.Account, login.Address, reset.Account, reset.Address, factor.Account} {
		if b.Burst == 0 || seen[string(b.Key)] {
			t.Errorf("the budget %+v allows nothing or counts two things", b)
		}
		seen[string(b.Key)] = true
	}
	if again := account.NewFactorTry(key, user); !bytes.Equal(again.Account.Key, factor.Account.Key) {
		t.Error("guesses at one second factor are counted in two budgets")
	}
}
