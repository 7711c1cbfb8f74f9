package token_test

import (
	"bytes"
	"testing"

	"example.com/missionpot/internal/auth/token"
)

func TestOnlyTheTokenItselfOpensItsSuccessor(t *testing.T) {
	t.Parallel()
	from, next := token.NewRefresh(), token.NewRefresh()
	sealed := from.Seal(next)
	if got, err := from.Open(sealed); err != nil || got != next {
		t.Errorf("opened %q, %v, want what was sealed", got, err)
	}
	if bytes.Contains(sealed, []byte(next)) || bytes.Equal(sealed, from.Seal(next)) {
		t.Error("the successor is readable, or sealed the same twice")
	}
	for name, other := range map[string]token.Refresh{"another token": token.NewRefresh(), "the successor": next, "its hash": token.Refresh(from.Hash())} {
		if got, err := other.Open(sealed); err == nil {
			t.Errorf("%s opens it: %q", name, got)
		}
	}
	sealed[len(sealed)-1] ^= 1
	if got, err := from.Open(sealed); err == nil {
		t.Errorf("a changed one opens: %q", got)
	}
}
