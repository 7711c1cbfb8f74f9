package api

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"example.com/missionpot/internal/fault"
)

// busyFor is what a caller is told to wait when an instance is full. Calls take
// some tens of milliseconds, so a second later there is room, or another
// instance.
const busyFor = time.Second

// places are how many may be in at once. What is beyond them is sent away at the
// door, before anything is read or looked up: an overloaded instance must not
// spend on refusals what the accepted calls need. No places at all means no
// bound.
type places struct {
	taken atomic.Int64
	most  int64
}

// newPlaces makes places for a number of calls; 0 bounds nothing.
func newPlaces(most int) *places {
	if most == 0 {
		return nil
	}
	return &places{most: int64(most)}
}

// take reports whether there was a place left, and takes it.
func (p *places) take() bool {
	if p == nil {
		return true
	}
	if p.taken.Add(1) > p.most {
		p.taken.Add(-1)
		return false
	}
	return true
}

// leave gives a place back.
func (p *places) leave() {
	if p != nil {
		p.taken.Add(-1)
	}
}

// placesFor are those that a request needs one of. The platform's probes need
// none: an instance that is busy is not ill. Streams are counted apart, because
// they stay.
func (s *server) placesFor(r *http.Request, pattern string) *places {
	switch {
	case strings.HasSuffix(pattern, "/healthz"), strings.HasSuffix(pattern, "/readyz"):
		return nil
	case strings.HasSuffix(pattern, "/events") && strings.Contains(r.Header.Get("Accept"), streamType):
		return s.streams
	}
	return s.calls
}

// turnAway answers a request that found no place.
func (s *server) turnAway(w http.ResponseWriter, r *http.Request) {
	s.metrics.turnedAway.Add(r.Context(), 1)
	w.Header().Set("Cache-Control", "no-store")
	newProblem(fault.Unavailable.Because("too many calls at this moment").After(busyFor)).write(w)
}
