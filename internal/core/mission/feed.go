package mission

// Feed is one client's place at the live board. It starts with the present state:
// the last event of a mission, or of each open mission of a streamer.
type Feed interface {
	// Events is closed when the client was too slow or the board can't be
	// followed any more; the client should connect again. Many feeds share an
	// event: nobody may change it.
	Events() <-chan *Event
	// Close gives the place up. It must be called, even if Events is closed.
	Close()
}
