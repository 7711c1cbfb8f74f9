package migrations_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rule is written at the top of the file "released".
func TestAReleasedFileNeverChanges(t *testing.T) {
	t.Parallel()
	listed, order := readReleased(t)
	if !slices.IsSorted(order) {
		t.Errorf("released lists %v, want each instance's files in the order of their numbers", order)
	}
	present := hashFiles(t)
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		switch hash, there := present[name]; {
		case !there:
			t.Errorf("%s is gone: a released file stays as it is", name)
		case hash != listed[name]:
			t.Errorf("%s has changed: a released file stays as it is, so write a new one", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if _, there := listed[name]; !there {
			t.Errorf("%s is not in released; add this line:\n%s  %s", name, present[name], name)
		}
	}
}

// readReleased returns the hash of each listed file, and the names in the order of the lines.
func readReleased(t *testing.T) (listed map[string]string, order []string) {
	t.Helper()
	text, err := os.ReadFile("released")
	if err != nil {
		t.Fatal(err)
	}
	listed = map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		hash, name, found := strings.Cut(line, "  ")
		if _, twice := listed[name]; !found || twice {
			t.Fatalf("released: %q is not one hash and the name of a file that no other line has", line)
		}
		listed[name] = hash
		order = append(order, name)
	}
	return listed, order
}

func hashFiles(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	present := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name) // #nosec G304 -- a file of this folder
		if err != nil {
			t.Fatal(err)
		}
		present[name] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return present
}
