package api

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/reconcile"
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
	now      func() time.Time
	checks   Modes
	flights  singleflight.Group
	known    atomic.Pointer[seenMode]
	failed   atomic.Int64 // when a look failed last, in Unix nanoseconds
}

type seenMode struct {
	mode reconcile.Mode
	at   time.Time
}

// seen is what is known and how old that is.
func (w *modeWatch) seen() (*seenMode, time.Duration) {
	s := w.known.Load()
	if s == nil {
		return nil, modeTrust
	}
	return s, w.now().Sub(s.at)
}

// current is the mode as of at most modeAge ago. While it can't be read it is
// what was last known, for a while; then the error is fault.Unavailable.
func (w *modeWatch) current(ctx context.Context) (reconcile.Mode, error) {
	s, age := w.seen()
	if age > modeFresh {
		look := w.look(ctx)
		if age > modeAge {
			select {
			case <-look:
			case <-ctx.Done():
			}
			s, age = w.seen()
		}
	}
	if age >= modeTrust {
		return reconcile.Mode{}, fault.Unavailable.After(edge.RetryLater)
	}
	return s.mode, nil
}

// shown is the mode for an answer's header, and false if it is not known. It
// waits for nothing unless the instance has been idle.
func (w *modeWatch) shown(ctx context.Context) (reconcile.Mode, bool) {
	s, age := w.seen()
	if age > modeFresh {
		look := w.look(ctx)
		if age >= modeTrust {
			select {
			case <-look:
			case <-ctx.Done():
			}
			s, age = w.seen()
		}
	}
	if age >= modeTrust {
		return reconcile.Mode{}, false
	}
	return s.mode, true
}

// look reads the mode, together with whoever else wants it. The read is nobody's
// own: a caller who leaves must not fail the others.
func (w *modeWatch) look(ctx context.Context) <-chan singleflight.Result {
	if w.now().UnixNano()-w.failed.Load() < int64(modeFresh) {
		given := make(chan singleflight.Result) // up just now; nobody waits for the same again
		close(given)
		return given
	}
	return w.flights.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), modeTime)
		defer cancel()
		began := w.now()
		mode, err := w.checks.Mode(ctx)
		if err != nil {
			w.failed.Store(w.now().UnixNano())
			return nil, err
		}
		w.known.Store(&seenMode{mode, began})
		return nil, nil
	})
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

// announce shows the mode with an answer.
func (w *modeWatch) announce(ctx context.Context, h http.Header) {
	mode, known := w.shown(ctx)
	if known || w.exitOnly {
		h.Set(modeHeader, w.name(mode))
	}
}
