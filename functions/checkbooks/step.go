package checkbooks

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/reconcile"
)

const (
	// share of the time that checks may take: after one that took ten seconds
	// the next starts fifty seconds later at the earliest, however short the
	// period.
	share = 5
	// named is how many findings are logged; the record of the check has more.
	named = 20
)

// Checker checks the books once.
type Checker interface {
	Check(ctx context.Context, o reconcile.Options) (r reconcile.Report, ran bool, err error)
}

// Modes reads whether new cash is accepted.
type Modes interface {
	Mode(ctx context.Context) (reconcile.Mode, error)
}

// Options are the step's settings.
type Options struct {
	// Period is the time between the starts of two checks. 0 means never, for
	// stands that invent cash.
	Period time.Duration
	Grace  time.Duration // see reconcile.Options
	Late   time.Duration
	Now    func() time.Time // for the pace
	// Clock is the ledger's. It decides which ticks are old, because an
	// instance's own clock may be minutes off.
	Clock func(context.Context) (time.Time, error)
}

// Step checks. Make one with New; it is safe for concurrent use.
type Step struct {
	checker Checker
	modes   Modes
	opts    Options
	metrics metrics

	mu   sync.Mutex
	next time.Time
}

// New makes the step.
func New(checker Checker, modes Modes, opts Options) *Step {
	return &Step{checker: checker, modes: modes, opts: opts, metrics: newMetrics()}
}

// Handle checks the books once per period. A tick that is old, or that comes
// while a check is running, is dropped. An error means that the check could not
// be made. Findings are no error: they are recorded.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	tick, ok := e.(event.Tick)
	if !ok {
		return fmt.Errorf("%w: checkbooks does not handle %s", event.ErrMalformed, e.Type())
	}
	if s.opts.Period == 0 || !s.mu.TryLock() {
		return nil
	}
	defer s.mu.Unlock()
	began := s.opts.Now()
	if began.Before(s.next) {
		return nil
	}
	now, err := s.opts.Clock(ctx)
	if err != nil || tick.Old(now) {
		return err
	}
	err = s.check(ctx)
	s.next = began.Add(max(s.opts.Period, share*s.opts.Now().Sub(began)))
	return err
}

func (s *Step) check(ctx context.Context) error {
	report, ran, err := s.checker.Check(ctx, reconcile.Options{Grace: s.opts.Grace, Late: s.opts.Late, Now: s.opts.Now})
	if err != nil || !ran {
		return err
	}
	for i, f := range report.Findings {
		if i == named {
			break
		}
		slog.ErrorContext(ctx, "a rule of the books is broken", "check", report.ID, "rule", f.Rule, "grade", f.Grade,
			"subject", f.Subject, "id", f.ID, "what", f.What, "want", f.Want, "got", f.Got)
	}
	mode, err := s.modes.Mode(ctx)
	if err != nil {
		return err
	}
	s.metrics.checked(ctx, report, mode, s.opts.Now())
	return nil
}
