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
	// flushTime bounds one sending, so that a deaf endpoint costs a request little.
	flushTime = 3 * time.Second
)

// lastFlush remembers when one request sent for all, in nanoseconds since 1970.
type lastFlush struct{ at atomic.Int64 }

// take reports whether the caller is to send now.
func (l *lastFlush) take(now time.Time) bool {
	last := l.at.Load()
	return now.UnixNano()-last >= int64(flushEvery) && l.at.CompareAndSwap(last, now.UnixNano())
}

// Handler sends what was measured at the end of a request, every 20 seconds.
// A function has its processor only while it answers, so nothing may be left to
// the background; the answer of the one request that sends waits for it.
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
