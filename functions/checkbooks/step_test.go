package checkbooks

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/reconcile"
)

var errDown = errors.New("down")

// slow is a checker that takes its time and may fail.
type slow struct {
	takes  time.Duration
	err    error
	checks int
	asked  reconcile.Options
}

func (s *slow) Check(_ context.Context, o reconcile.Options) (reconcile.Report, bool, error) {
	time.Sleep(s.takes)
	s.checks++
	s.asked = o
	return reconcile.Report{ID: 1, Broken: 1, Findings: []reconcile.Finding{{Rule: 1, Grade: reconcile.Broken}}}, true, s.err
}

func (s *slow) Mode(context.Context) (reconcile.Mode, error) { return reconcile.Mode{}, nil }

func clock(context.Context) (time.Time, error) { return time.Now(), nil }

// tickFor ticks once a second.
func tickFor(t *testing.T, s *slow, period, length time.Duration) {
	t.Helper()
	step := New(s, s, Options{Period: period, Grace: time.Minute, Late: time.Hour, Now: time.Now, Clock: clock})
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(time.Second) {
		if err := step.Handle(t.Context(), event.Tick{At: time.Now()}); !errors.Is(err, s.err) {
			t.Fatalf("a tick: %v, want %v", err, s.err)
		}
	}
}

func TestTheBooksAreCheckedOnceAPeriod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		tickFor(t, &s, time.Minute, 3*time.Minute)
		if s.checks != 3 {
			t.Errorf("three minutes of ticks made %d checks, want 3", s.checks)
		}
		if s.asked.Whole || s.asked.Grace != time.Minute || s.asked.Late != time.Hour {
			t.Errorf("the check got the options %+v, want one that continues, with the times of the settings", s.asked)
		}
	})
}

func TestASlowCheckRestsLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := slow{takes: 20 * time.Second}
		tickFor(t, &s, time.Minute, 195*time.Second)
		if s.checks != 2 {
			t.Errorf("checks of 20 s were made %d times in 195 s, want one in 100 s", s.checks)
		}
	})
}

func TestAPeriodOfZeroChecksNever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slow
		tickFor(t, &s, 0, time.Hour)
		if s.checks != 0 {
			t.Errorf("%d checks were made, want none", s.checks)
		}
	})
}

func TestACheckThatCanNotBeMadeIsAnErrorAndFindingsAreNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tickFor(t, &slow{}, time.Second, time.Second)
		tickFor(t, &slow{err: errDown}, time.Second, time.Second)
	})
}

func TestWhatIsNoTickOrAnOldOneIsNotTaken(t *testing.T) {
	t.Parallel()
	var s slow
	step := New(&s, &s, Options{Period: time.Second, Now: time.Now, Clock: clock})
	if err := step.Handle(t.Context(), event.PotChanged{}); !errors.Is(err, event.ErrMalformed) {
		t.Errorf("a pot: %v, want malformed", err)
	}
	if err := step.Handle(t.Context(), event.Tick{At: time.Now().Add(-time.Hour)}); err != nil || s.checks != 0 {
		t.Errorf("an old tick: %v and %d checks, want it dropped", err, s.checks)
	}
}
