package edge

import (
	"net/http"
	"sync/atomic"
	"time"

	"example.com/missionpot/internal/core/fault"
)

// busyFor is how long a caller should wait when an instance is full. Calls take
// some tens of milliseconds, so a second later there is room, or another
// instance.
const busyFor = time.Second

// places are how many may be in at once, and how many of them one address may have. What
// is beyond them is sent away at the door, before anything is read or looked up: an
// overloaded instance must not spend on refusals what the accepted calls need. No places
// at all means no bound.
type places struct {
	taken  atomic.Int64
	most   int64
	shares *Shares
}

// newPlaces makes places for a number of calls; 0 bounds nothing. One address may have
// three quarters of them: it may be a whole carrier's, and whoever takes all of its share
// and keeps it still leaves a quarter to everybody else.
func newPlaces(most int) *places {
	if most == 0 {
		return nil
	}
	return &places{most: int64(most), shares: NewShares((3*most + 3) / 4)}
}

// take reports whether there was a place left for an address, and takes it.
func (p *places) take(address string) bool {
	if p == nil {
		return true
	}
	if !p.shares.Take(address) {
		return false
	}
	if p.taken.Add(1) > p.most {
		p.leave(address)
		return false
	}
	return true
}

// leave gives a place back.
func (p *places) leave(address string) {
	if p != nil {
		p.taken.Add(-1)
		p.shares.Leave(address)
	}
}

// placesFor are those that a request needs one of. The platform's probes need
// none: an instance that is busy is not ill. Streams are counted apart, because
// they stay; a stream is what is answered with one, however it was asked for.
func (e *Edge) placesFor(r *http.Request, pattern string) *places {
	switch {
	case isProbe(pattern):
		return nil
	case r.Method == http.MethodGet && e.offers[pattern] != nil && prefers(r.Header.Values("Accept"), e.offers[pattern]) == StreamType:
		return e.streams
	}
	return e.calls
}

// rejectBusy answers a request that found no place.
func (e *Edge) rejectBusy(w http.ResponseWriter, r *http.Request) {
	e.metrics.turnedAway.Add(r.Context(), 1)
	w.Header().Set("Cache-Control", "no-store")
	newProblem(fault.Unavailable.Because("too many calls at this moment").After(busyFor)).write(w)
}
