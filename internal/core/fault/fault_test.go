package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"example.com/missionpot/internal/core/fault"
)

func TestAKindIsAFaultByItself(t *testing.T) {
	t.Parallel()
	f := fault.From(fault.NotActive)
	if f.Kind != fault.NotActive || f.Detail != "" || f.Error() != "not_active" {
		t.Errorf("the fault of a kind is %+v with the text %q, want no more than the kind", *f, f)
	}
}

func TestTheFaultInAnErrorIsFound(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is broken")
	for name, c := range map[string]struct {
		err   error
		want  *fault.Kind
		text  string
		cause error
	}{
		"a kind with something around it":  {fmt.Errorf("decide: %w", fault.NotActive), fault.NotActive, "not_active: decide: not_active: " + fault.NotActive.Title, nil},
		"a fault with something around it": {fmt.Errorf("decide: %w", fault.NotActive.Because("It is over.")), fault.NotActive, "not_active: It is over.", nil},
		"a kind with a cause":              {fault.Unavailable.After(time.Second).Wrap(broken), fault.Unavailable, "unavailable: the database is broken", broken},
		"an error that is no fault":        {broken, fault.Internal, "internal: the database is broken", broken},
	} {
		f := fault.From(c.err)
		if f.Kind != c.want || f.Error() != c.text || c.cause != nil && !errors.Is(f, c.cause) {
			t.Errorf("%s: the fault is %s with the text %q, want %s with %q", name, f.Kind.Code, f, c.want.Code, c.text)
		}
	}
}
