package api

import (
	"context"
	"net/http"
	"time"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/flow/cache"
)

// How old the mode may be that an instance goes by. It is looked at again in the
// background before anybody has to wait for it, so a change is seen within two
// seconds wherever calls come in.
const (
	modeFresh = 500 * time.Millisecond
	modeAge   = 1500 * time.Millisecond
	// modeTrust is how long an instance goes by what it last knew while the users
	// instance does not answer. After that it takes no cash: it may be the only one
	// that does not know.
	modeTrust = 10 * time.Second
	modeTime  = time.Second // of one look
)

const (
	modeHeader   = "Missionpot-Mode"
	modeOpen     = "open"
	modeExitOnly = "exit_only"
)

// modeWatch knows whether new cash is taken. Functions know nothing of it, so
// that whatever is logged still gets its outcome (rule 5).
type modeWatch struct {
	exitOnly bool // the instance's own setting
	mode     *cache.Value[reconcile.Mode]
}

func newModeWatch(checks Modes, exitOnly bool, now func() time.Time) *modeWatch {
	read := func(ctx context.Context) (reconcile.Mode, error) { return checks.Mode(ctx) }
	return &modeWatch{exitOnly, cache.New(read, cache.Options[reconcile.Mode]{Limit: modeTime, Pause: modeFresh, Now: now})}
}

// current is the mode as of at most modeAge ago. While it can't be read it is
// what was last known, for a while; then the error is fault.Unavailable.
func (w *modeWatch) current(ctx context.Context) (reconcile.Mode, error) {
	mode, known := w.look(ctx, modeAge)
	if !known {
		return mode, fault.Unavailable.After(edge.RetryLater)
	}
	return mode, nil
}

// look returns the mode, and false if it is not known. A mode that is older than
// modeFresh is read again, and one that is older than the given age is waited for.
func (w *modeWatch) look(ctx context.Context, wait time.Duration) (reconcile.Mode, bool) {
	mode, age := w.mode.Known()
	if age > modeFresh {
		read := w.mode.Refresh(ctx)
		if age >= wait {
			select {
			case <-read:
			case <-ctx.Done():
			}
			mode, age = w.mode.Known()
		}
	}
	return mode, age < modeTrust
}

// checkOpen refuses new cash in exit-only times, by the instance's own setting
// or by the switch that the check of the books throws.
func (w *modeWatch) checkOpen(ctx context.Context) error {
	if w.exitOnly {
		return fault.ExitOnly
	}
	mode, err := w.current(ctx)
	if err != nil {
		return err
	}
	if mode.ExitOnly {
		return fault.ExitOnly
	}
	if mode.Unchecked {
		return fault.ExitOnly.Because("The books have not been checked for half an hour. It passes with the next check.")
	}
	return nil
}

// name is the mode as the contract names it. The instance's own setting is
// as good as the switch.
func (w *modeWatch) name(mode reconcile.Mode) string {
	if w.exitOnly || mode.ExitOnly || mode.Unchecked {
		return modeExitOnly
	}
	return modeOpen
}

// announce shows the mode with an answer, if it is known. It waits for nothing
// unless the instance has been idle.
func (w *modeWatch) announce(ctx context.Context, h http.Header) {
	mode, known := w.look(ctx, modeTrust)
	if known || w.exitOnly {
		h.Set(modeHeader, w.name(mode))
	}
}
