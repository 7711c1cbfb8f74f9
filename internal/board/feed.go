package board

import (
	"errors"

	"example.com/missionpot/internal/mission"
)

// feedBuffer is how many events a client may be behind. A mission has about one
// a second, so whoever is further behind is not reading any more.
const feedBuffer = 64

// Why a feed ended.
var (
	ErrSlow   = errors.New("the client does not read fast enough")
	ErrClosed = errors.New("the feed was closed")
)

// Feed is one client's place at a hub. Close must be called, whoever ended it.
type Feed struct {
	hub    *hub
	events chan *mission.Event
	err    error // guarded by the hub's mutex; set before events is closed
}

// Events delivers what happens, beginning with the present state. The channel is
// closed when the client is too slow, the board can't be followed any more or
// the program ends; the client should then connect again and ask the log for
// what it missed. All feeds of a hub get the same event; nobody may change it.
func (f *Feed) Events() <-chan *mission.Event { return f.events }

// Err says why the feed ended: ErrSlow, ErrClosed or what befell the listener.
// It is nil while the feed runs.
func (f *Feed) Err() error {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return f.err
}

// Close gives the place back. The listener ends with its last client. Further
// calls do nothing.
func (f *Feed) Close() { f.hub.leave(f) }
