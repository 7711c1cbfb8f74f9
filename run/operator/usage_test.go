package main

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// typed runs a command that needs no server.
func typed(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), strings.NewReader(in), &out, args)
	return out.String(), err
}

func TestAMistypedCommandIsAnswered(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		nil, {"promote"}, {"-as", "kim", "grant"}, {"grant", "mina@example.com"}, {"-who", "kim", "list"}, {"list", "all"},
		{"books"}, {"books", "burn"}, {"books", "check", "all"}, {"books", "exit-only", "-reason", "x"}, {"-as", "kim", "books", "exit-only"},
		{"-as", "kim", "books", "open", "-reason", ""}, {"books", "status", "-grace", "0s"}, {"books", "check", "-grace", "soon"},
		{"restore"}, {"restore", "all"}, {"restore", "log", "-charges", "x.csv"}, {"restore", "users", "x.csv"},
		{"keys"}, {"keys", "rotate"}, {"keys", "add", "use"},
	} {
		if out, err := typed(t, "{}", args...); !errors.Is(err, errUsage) || out != "" {
			t.Errorf("operator %v: printed %q, error %v; want nothing printed and wrong usage", args, out, err)
		}
	}
}

// Names and reasons are kept for good, so a line break in one must not look like a second line.
func TestANameOrAReasonOfTwoLinesIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-as", "kim\nlee", "grant", "mina@example.com"},
		{"-as", "kim", "books", "exit-only", "-reason", "a\nb"},
		{"-as", "kim", "books", "open", "-reason", "a\nb"},
	} {
		if _, err := typed(t, "", args...); err == nil || strings.Contains(err.Error(), "settings") {
			t.Errorf("operator %q: the error is %v, want the text refused", args, err)
		}
	}
}

func TestHelpPrintsTheUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"-help"}, {"books", "check", "-h"}} {
		if out, err := typed(t, "", args...); err != nil || out != usage {
			t.Errorf("operator %v: printed %q, error %v; want the usage", args, out, err)
		}
	}
}

func TestTheUsageListsEveryCommandAndNoOther(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?m)^  (?:-as NAME )?((?:books|restore|keys) [a-z-]+|[a-z-]+)\b`)
	var listed []string
	for _, m := range line.FindAllStringSubmatch(usage, -1) {
		listed = append(listed, m[1])
	}
	var known []string
	for name, c := range commands {
		known = append(known, name)
		if named := strings.Contains(usage, "  -as NAME "+name); named != c.named {
			t.Errorf("%s: the usage asks for -as: %v, the program does: %v", name, named, c.named)
		}
	}
	slices.Sort(listed)
	slices.Sort(known)
	if !slices.Equal(listed, known) {
		t.Errorf("the usage lists\n%q, want\n%q", listed, known)
	}
}
