package chaos

import (
	"errors"
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
	all := newOverlay(whole)
	for _, m := range Mutations() {
		alone := newOverlay(whole)
		if err := errors.Join(m.apply(alone), alone.skew()); err != nil {
			t.Errorf("with mutation %s: %v", m.Name, err)
		}
		// They edit different files, so one build is enough for all of them.
		if err := m.apply(all); err != nil {
			t.Errorf("with every mutation before: %v", err)
		}
		if m.Function == nil {
			continue
		}
		if _, err := m.Function.statement(module); err != nil {
			t.Errorf("mutation %s: %v", m.Name, err)
		}
	}
	if err := all.skew(); err != nil {
		t.Error(err)
	}
	if out, err := compile(t, all); err != nil {
		t.Errorf("with every mutation: %v\n%s", err, out)
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
