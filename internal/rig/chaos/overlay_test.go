package chaos

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

const module = "../../.."

// Without this test an edit that no longer fits would only be noticed in a long run. An edit must
// also compile: otherwise a run would fail before it began, and prove nothing.
func TestEveryMutationFitsTheCurrentSource(t *testing.T) {
	t.Parallel()
	whole, err := filepath.Abs(module) // go build has another directory
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Mutations() {
		o := newOverlay(whole)
		if err := m.apply(o); err != nil {
			t.Error(err)
		}
		if err := o.skew(); err != nil {
			t.Errorf("with mutation %s: %v", m.Name, err)
		}
		if out, err := compile(t, o); err != nil {
			t.Errorf("with mutation %s: %v\n%s", m.Name, err, out)
		}
		if m.Function == nil {
			continue
		}
		if _, err := m.Function.statement(module); err != nil {
			t.Errorf("mutation %s: %v", m.Name, err)
		}
	}
}

// compile builds the packages that the overlay changes, several at once, so that
// nothing is linked or kept.
func compile(t *testing.T, o *overlay) (out []byte, err error) {
	t.Helper()
	flag, err := o.write(t.TempDir())
	if err != nil {
		return nil, err
	}
	packages := map[string]bool{}
	for file := range o.files {
		packages["./"+filepath.Dir(file)] = true
	}
	build := exec.CommandContext(t.Context(), "go", append([]string{"build", flag}, slices.Sorted(maps.Keys(packages))...)...)
	build.Dir = o.module
	return build.CombinedOutput()
}

func TestAnEditThatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	o := newOverlay(module)
	for _, e := range []Edit{{File: "go.mod", Old: "not in there"}, {File: "go.mod", Old: "."}, {File: "no such file", Old: "x"}} {
		if err := o.edit(e); err == nil {
			t.Errorf("%q in %s was replaced, want an error", e.Old, e.File)
		}
	}
}
