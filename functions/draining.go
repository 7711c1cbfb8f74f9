package functions

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	// drainTime is how long pushes under way may take after the signal to stop, and
	// closeTime how long the last measurements. Cloud Run kills an instance 10
	// seconds after the signal. A push that is not done by then was not acked, so
	// Pub/Sub delivers it again.
	drainTime = 7 * time.Second
	closeTime = 2 * time.Second
)

// drain counts the pushes under way, so that a process can end between them.
// The Functions Framework does not handle signals: on its own it would drop the
// pushes under way. That loses nothing, but all of that work would be done
// again.
type drain struct {
	mu       sync.Mutex
	under    int
	stopping bool
	idle     chan struct{} // closed when stopping and nothing is under way
}

func newDrain() *drain { return &drain{idle: make(chan struct{})} }

// handler serves a function's pushes until the drain is stopped. Later pushes
// are rejected, and Pub/Sub delivers them to another instance.
func (d *drain) handler(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !d.enter() {
			w.Header().Set("Connection", "close")
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		defer d.leave()
		next(w, r)
		// The response must be flushed before the push counts as done. A writer
		// that can't flush, as in a test, has no connection that could be lost.
		_ = http.NewResponseController(w).Flush()
	}
}

func (d *drain) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return false
	}
	d.under++
	return true
}

func (d *drain) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.under--
	if d.stopping && d.under == 0 {
		close(d.idle)
	}
}

// stop rejects new pushes and waits until none is under way, or ctx ends. It is
// called once.
func (d *drain) stop(ctx context.Context) error {
	d.mu.Lock()
	d.stopping = true
	if d.under == 0 {
		close(d.idle)
	}
	d.mu.Unlock()
	select {
	case <-d.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// draining handles the signal from the process's first request on, so a program
// that only imports this package and serves nothing is not affected.
var draining = sync.OnceValue(func() *drain {
	d := newDrain()
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	go func() {
		<-stopped
		end(d)
	}()
	return d
})

// end lets the pushes under way finish, exports the measurements, and raises
// the signal again with its default action.
func end(d *drain) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := d.stop(ctx); err != nil {
		slog.Warn("pushes under way dropped; Pub/Sub delivers them again", "error", err)
	}
	last, cancelLast := context.WithTimeout(context.Background(), closeTime)
	defer cancelLast()
	if err := exporting().Close(last); err != nil {
		slog.Warn("telemetry not sent", "error", err)
	}
	signal.Reset(syscall.SIGTERM)
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		os.Exit(1)
	}
}

// drained serves a function so that the process ends between two pushes.
func drained(function http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { draining().handler(function)(w, r) }
}
