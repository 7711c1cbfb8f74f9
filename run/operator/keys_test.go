package main

import (
	"strings"
	"testing"

	"example.com/missionpot/internal/auth/token"
)

// No setting is needed: there is no database in this.
func TestTheStepsOfARotationFollowEachOther(t *testing.T) {
	t.Parallel()
	generated, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	set := string(generated)
	for _, step := range []struct {
		name string
		keys int
	}{{"add", 2}, {"use", 2}, {"drop", 1}} {
		if set, err = typed(t, set, "keys", step.name); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := strings.Count(set, `"kid"`); got != step.keys {
			t.Errorf("%s leaves %d keys, want %d", step.name, got, step.keys)
		}
	}
}

func TestKeysThatCanNotBeReadWriteNothing(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "{}", "no keys"} {
		if out, err := typed(t, in, "keys", "add"); err == nil || out != "" {
			t.Errorf("%q: error %v and %q, want an error and nothing written", in, err, out)
		}
	}
}
