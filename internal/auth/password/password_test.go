package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/auth/password"
	"example.com/missionpot/internal/core/fault"
)

// cheap keeps the tests fast with the same kind of work.
func cheap() password.Params { return password.Params{MemoryKiB: 64, Iterations: 1} }

func newHasher(t *testing.T, p password.Params, atOnce int) *password.Hasher {
	t.Helper()
	h, err := password.New(p, atOnce)
	if err != nil {
		t.Fatalf("make a hasher: %v", err)
	}
	return h
}

func TestOnlyTheRightPasswordMatchesItsHash(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap(), 4)
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatalf("hash: %v", err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the hash %q does not contain its kind and cost", hash)
	}
	for candidate, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false, "correct horse ": false} {
		if got, err := h.Verify(t.Context(), candidate, hash); err != nil || got != want {
			t.Errorf("%q matches: %v, error %v; want %v", candidate, got, err, want)
		}
	}
}

func TestTheSamePasswordGivesAnotherHashEachTime(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap(), 1)
	first, _ := h.Hash(t.Context(), "correct horse")
	second, _ := h.Hash(t.Context(), "correct horse")
	if first == second {
		t.Error("two hashes are the same: there is no salt")
	}
}

// An empty hash stands for an account that does not exist. No password may
// match it, not even the decoy's own.
func TestNobodySignsInToAnAccountThatDoesNotExist(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap(), 1)
	for _, candidate := range []string{"", "anything at all"} {
		if match, err := h.Verify(t.Context(), candidate, ""); err != nil || match {
			t.Errorf("%q signs in to nobody's account: %v, error %v", candidate, match, err)
		}
	}
}

// The same work must be done for an account that does not exist. The test compares the fastest of
// several runs, one after the other in turn, so that a busy machine does not matter.
func TestAnUnknownAccountTakesAsLongAsAWrongPassword(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Params{MemoryKiB: 8 * 1024, Iterations: 2}, 1)
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	known, unknown := time.Hour, time.Hour
	for range 15 {
		for hash, shortest := range map[string]*time.Duration{hash: &known, "": &unknown} {
			began := time.Now()
			if _, err := h.Verify(t.Context(), "wrong", hash); err != nil {
				t.Fatal(err)
			}
			*shortest = min(*shortest, time.Since(began))
		}
	}
	if unknown < known/3 {
		t.Errorf("an unknown account is refused in %v, a wrong password in %v: the time reveals who has an account", unknown, known)
	}
}

func TestRefusesMoreHashesThanItHasPlacesFor(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap(), 0) // no place at all, so every call times out
	_, err := h.Hash(t.Context(), "correct horse")
	var refused *fault.Error
	if !errors.As(err, &refused) || refused.Kind != fault.Unavailable || refused.RetryAfter <= 0 {
		t.Errorf("got %v, want fault.Unavailable with a time to retry", err)
	}
}

func TestACanceledCallerDoesNotWait(t *testing.T) {
	t.Parallel()
	h := newHasher(t, cheap(), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Verify(ctx, "correct horse", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
