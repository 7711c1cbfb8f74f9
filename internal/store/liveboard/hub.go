package liveboard

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// Bounds of one instance (rule 21).
const (
	// maxListeners is how many listeners run at once. Eight connections of 100
	// streams could carry twice as many.
	maxListeners = 400
	// maxClients is how many feeds are open at once. A feed's buffer takes less
	// than 1 KiB for a mission, and events are shared among the feeds.
	maxClients = 10_000
	// joinTimeout bounds the wait for a listener's first answer.
	joinTimeout = 10 * time.Second
	// comeBack is the Retry-After for a client over a bound.
	comeBack = 5 * time.Second
)

// topic is what a hub is about: one mission, or all missions of a streamer.
type topic struct {
	kind topicKind
	id   uuid.UUID
}

type topicKind string

const (
	ofMission  topicKind = "mission"
	ofStreamer topicKind = "streamer"
)

// presents reports whether a feed starts with a mission's last event. Missions
// of a streamer that ended long ago are left out, because their number only
// grows.
func (t topic) presents(e *mission.Event, now time.Time) bool {
	return t.kind == ofMission || !e.Mission.Status.Decided() || now.Sub(e.At) < lately
}

// listen follows a topic until the context ends or it can't go on. It calls the
// hub's begin once and then its send.
type listen func(context.Context, *hub) error

// hubs are the topics that are watched on this instance.
type hubs struct {
	mu      sync.Mutex // guards everything below, and the hubs and their feeds
	running map[topic]*hub
	// listeners is the number of running listeners. A stopped one counts until
	// it has ended, because it still has its stream.
	listeners int
	clients   int
	closed    bool
	ended     sync.WaitGroup // every listener

	maxListeners, maxClients int
}

func newHubs() *hubs {
	return &hubs{running: map[topic]*hub{}, maxListeners: maxListeners, maxClients: maxClients}
}

// hub sends the events of one listener to its clients. Sending never blocks: a
// client that does not keep up is dropped.
type hub struct {
	*hubs
	topic  topic
	cancel context.CancelFunc
	begun  chan struct{} // closed when the present state is known, or the hub has ended
	err    error         // why it ended
	users  int           // feeds, and clients waiting to become one
	feeds  map[*Feed]struct{}
	state  map[uuid.UUID]*mission.Event // the last event of each mission
}

// join adds a client to a topic's hub, and starts the listener if the topic is
// not watched yet. It waits until the present state is known, so every event
// after join returns is delivered.
func (h *hubs) join(ctx context.Context, t topic, listen listen) (mission.Feed, error) {
	hub, err := h.enter(t, listen)
	if err != nil {
		return nil, err
	}
	patience := time.NewTimer(joinTimeout)
	defer patience.Stop()
	select {
	case <-hub.begun:
		return hub.seat()
	case <-ctx.Done():
		err = ctx.Err()
	case <-patience.C:
		err = context.DeadlineExceeded
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.exit()
	return nil, fault.Unavailable.After(comeBack).Wrap(err)
}

// enter adds a client to the count.
func (h *hubs) enter(t topic, listen listen) (*hub, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	running, there := h.running[t]
	switch {
	case h.closed:
		return nil, fault.Unavailable.After(comeBack).Wrap(ErrClosed)
	case h.clients >= h.maxClients, !there && h.listeners >= h.maxListeners:
		return nil, fault.Unavailable.Because("there are too many watchers on this instance").After(comeBack)
	case !there:
		running = h.start(t, listen)
	}
	running.users++
	h.clients++
	return running, nil
}

// start starts a listener. The mutex is held.
func (h *hubs) start(t topic, listen listen) *hub {
	ctx, cancel := context.WithCancel(context.Background())
	started := &hub{
		hubs: h, topic: t, cancel: cancel, begun: make(chan struct{}),
		feeds: map[*Feed]struct{}{}, state: map[uuid.UUID]*mission.Event{},
	}
	h.running[t] = started
	h.listeners++
	h.ended.Go(func() {
		defer cancel()
		started.end(listen(ctx, started))
	})
	return started
}

// seat makes a feed that starts with the present state.
func (h *hub) seat() (mission.Feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		h.exit()
		return nil, fault.Unavailable.After(comeBack).Wrap(h.err)
	}
	present := slices.SortedFunc(maps.Values(h.state), byTime)
	f := &Feed{hub: h, events: make(chan *mission.Event, len(present)+feedBuffer)}
	for _, e := range present {
		if h.topic.presents(e, time.Now()) {
			f.events <- e
		}
	}
	h.feeds[f] = struct{}{}
	return f, nil
}

func byTime(a, b *mission.Event) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Revision, b.Revision))
}

// leave removes a feed.
func (h *hub) leave(f *Feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(f, ErrClosed)
}

// drop ends a feed. The mutex is held.
func (h *hub) drop(f *Feed, why error) {
	if _, there := h.feeds[f]; !there {
		return
	}
	delete(h.feeds, f)
	f.err = why
	close(f.events)
	h.exit()
}

// exit removes a client from the count. The last one stops the listener. The mutex is held.
func (h *hub) exit() {
	h.users--
	h.clients--
	if h.users == 0 {
		h.forget()
	}
}

// forget stops the listener and lets the next client start another. The mutex is
// held.
func (h *hub) forget() {
	h.cancel()
	if h.running[h.topic] == h {
		delete(h.running, h.topic)
	}
}

// begin sets the present state and admits the waiting clients.
func (h *hub) begin(present []*mission.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range present {
		h.state[e.Mission.ID] = e
	}
	close(h.begun)
}

// send delivers events to every client, in order.
func (h *hub) send(happened []*mission.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range happened {
		h.state[e.Mission.ID] = e
		for f := range h.feeds {
			select {
			case f.events <- e:
			default:
				h.drop(f, ErrSlow)
			}
		}
	}
}

// shown is the revision of a mission that the clients have, 0 for none.
func (h *hub) shown(id uuid.UUID) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e, known := h.state[id]; known {
		return e.Revision
	}
	return 0
}

// unlist removes a mission from the present state for new clients.
func (h *hub) unlist(id uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.state, id)
}

// end drops every client when the listener has stopped.
func (h *hub) end(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		err = ErrClosed
	}
	h.err = err
	h.listeners--
	h.forget()
	for f := range h.feeds {
		h.drop(f, err)
	}
	select {
	case <-h.begun:
	default:
		close(h.begun)
	}
}

// close stops every listener and waits until they have ended.
func (h *hubs) close() {
	h.mu.Lock()
	h.closed = true
	for _, running := range h.running {
		running.cancel()
	}
	h.mu.Unlock()
	h.ended.Wait()
}
