package export

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// flushEvery is how often requests send what was measured. Google takes one
	// point of a series every 5 seconds at most, and an alert should not wait.
	flushEvery = 20 * time.Second
	// flushTime bounds one flush, so that an endpoint that does not answer delays a request only a little.
	flushTime = 3 * time.Second
)

// lastFlush is the time of the last flush by any request, in nanoseconds since 1970.
type lastFlush struct{ at atomic.Int64 }

// take reports whether the caller must flush now.
func (l *lastFlush) take(now time.Time) bool {
	last := l.at.Load()
	return now.UnixNano()-last >= int64(flushEvery) && l.at.CompareAndSwap(last, now.UnixNano())
}

// Handler flushes the measurements at the end of a request, at most every 20 seconds. A function
// has a processor only while it answers, so nothing can run in the background; the answer of the
// request that flushes waits for it.
func (e *Export) Handler(next http.HandlerFunc) http.HandlerFunc {
	if e.metrics == nil && e.traces == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		next(w, r)
		if !e.last.take(time.Now()) {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), flushTime)
		defer cancel()
		if err := e.Flush(ctx); err != nil {
			slog.WarnContext(ctx, "telemetry not sent", "error", err)
		}
	}
}
