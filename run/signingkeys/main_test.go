package main

import (
	"bytes"
	"strings"
	"testing"

	"example.com/missionpot/internal/token"
)

func TestTheStepsOfARotationFollowEachOther(t *testing.T) {
	t.Parallel()
	set, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		keys int
	}{{"add", 2}, {"use", 2}, {"drop", 1}} {
		var out bytes.Buffer
		if err := run([]string{step.name}, bytes.NewReader(set), &out); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		set = out.Bytes()
		if got := strings.Count(string(set), `"kid"`); got != step.keys {
			t.Errorf("%s leaves %d keys, want %d", step.name, got, step.keys)
		}
	}
}

func TestAMistakeWritesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		in   string
	}{{nil, "{}"}, {[]string{"rotate"}, "{}"}, {[]string{"add"}, ""}, {[]string{"add", "use"}, "{}"}} {
		var out bytes.Buffer
		if err := run(c.args, strings.NewReader(c.in), &out); err == nil || out.Len() > 0 {
			t.Errorf("%v: error %v and %d bytes, want an error and nothing written", c.args, err, out.Len())
		}
	}
}
