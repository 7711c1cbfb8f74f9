package chaos

import "testing"

const module = "../.."

// An edit that no longer fits would have to be noticed in the middle of a long run.
func TestEveryMutationFitsThePresentSource(t *testing.T) {
	t.Parallel()
	for _, m := range Mutations() {
		o := newOverlay(module)
		if err := m.apply(o); err != nil {
			t.Error(err)
		}
		if err := o.skew(); err != nil {
			t.Errorf("with mutation %s: %v", m.Name, err)
		}
		if m.Function == nil {
			continue
		}
		if _, err := m.Function.statement(module); err != nil {
			t.Errorf("mutation %s: %v", m.Name, err)
		}
	}
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
