package gauges

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

var errDown = errors.New("down")

// slow is a ledger that is slow and may be down.
type slow struct {
	takes time.Duration
	err   error
	reads int
}

func (s *slow) Totals(context.Context) (ledger.Totals, error) {
	time.Sleep(s.takes)
	s.reads++
	return ledger.Totals{}, s.err
}

func (s *slow) Connections(context.Context) (used, limit int, err error) { return 1, 100, s.err }

func noWork(context.Context, event.Event) error { return nil }

func TestTicksWithinAPeriodReadTheFiguresOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &slow{}
		handle := Books(l, l, time.Minute).After(noWork)
		for range 3 * 60 {
			if err := handle(t.Context(), event.Tick{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if l.reads != 3 {
			t.Errorf("the books were read %d times in three minutes, want 3", l.reads)
		}
	})
}

func TestAfterASlowReadingTheNextComesLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &slow{takes: 2 * time.Second}
		handle := Books(l, l, time.Minute).After(noWork)
		for range 150 {
			if err := handle(t.Context(), event.Tick{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if l.reads != 1 {
			t.Errorf("books that take 2 s were read %d times in 150 s, want once in 200 s", l.reads)
		}
	})
}

func TestFiguresAreReadAfterAFailedSweepAndBothErrorsAreReturned(t *testing.T) {
	t.Parallel()
	errSweep := errors.New("sweep")
	l := &slow{err: errDown}
	err := Books(l, l, time.Minute).After(func(context.Context, event.Event) error { return errSweep })(t.Context(), event.Tick{})
	if !errors.Is(err, errSweep) || !errors.Is(err, errDown) {
		t.Errorf("error is %v, want the sweep's and the reading's", err)
	}
	if l.reads != 1 {
		t.Errorf("the books were read %d times, want once", l.reads)
	}
}
