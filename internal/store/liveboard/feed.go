package liveboard

import (
	"errors"

	"example.com/missionpot/internal/core/mission"
)

// feedBuffer is how many events a client may be behind. A mission has about one
// a second, so a client that is further behind has stopped reading.
const feedBuffer = 64

// Why a feed ended.
var (
	ErrSlow   = errors.New("the client does not read fast enough")
	ErrClosed = errors.New("the feed was closed")
)

// Feed is one client's subscription to a hub, a [mission.Feed].
type Feed struct {
	hub    *hub
	events chan *mission.Event
	err    error // guarded by the hub's mutex; set before events is closed
}

// Events delivers events, starting with the present state. The channel is
// closed when the client is too slow, the board can't be followed any more or
// the program ends.
func (f *Feed) Events() <-chan *mission.Event { return f.events }

// Err returns why the feed ended: ErrSlow, ErrClosed or the error of the
// listener. It is nil while the feed runs.
func (f *Feed) Err() error {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return f.err
}

// Close ends the subscription. The listener ends with its last client. Further
// calls do nothing.
func (f *Feed) Close() { f.hub.leave(f) }
