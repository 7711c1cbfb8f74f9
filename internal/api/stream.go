package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/mission"
)

const (
	streamType = "text/event-stream"
	// heartbeat is how often a silent stream says that it is alive. Proxies
	// commonly drop a connection that is silent for 30 to 60 seconds.
	heartbeat = 15 * time.Second
	// reconnectAfter is what clients are told to wait before they connect again,
	// so that a restart does not bring all of them at once.
	reconnectAfter = 2 * time.Second
	// streamWrite is how long one write may take. A client that reads slower than
	// its own kernel buffers fill is dropped.
	streamWrite = 10 * time.Second
	// replayPage is how many old events are read at once for a client that
	// resumes.
	replayPage = 100
)

var stillHere = []byte(": still here\n\n")

// stream writes server-sent events to one client.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// openStream sends the head, so that the client knows that it is connected.
func openStream(w http.ResponseWriter) (*stream, error) {
	h := w.Header()
	h.Set("Content-Type", streamType)
	h.Set("X-Accel-Buffering", "no") // nginx and its like hold streams back otherwise
	st := &stream{w: w, control: http.NewResponseController(w)}
	// The server's deadline for reading the request would cut the stream off. A
	// writer without deadlines, as in a test, needs none.
	_ = st.control.SetReadDeadline(time.Time{})
	return st, st.write(fmt.Appendf(nil, "retry: %d\n\n", reconnectAfter.Milliseconds()))
}

func (st *stream) write(text []byte) error {
	// A writer without deadlines, as in a test, writes without one.
	_ = st.control.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := st.w.Write(text); err != nil {
		return err
	}
	return st.control.Flush()
}

// streamMission joins the live feed first and then reads what the client
// missed, so that nothing falls between the two.
func (s *server) streamMission(ctx context.Context, in *missionEventsInput, m mission.Mission) (*eventsAnswer, error) {
	last, resumed, err := s.resume(ctx, in, m)
	if errors.Is(err, errOver) {
		return &eventsAnswer{Body: func(hc huma.Context) { hc.SetStatus(http.StatusNoContent) }}, nil
	}
	if err != nil {
		return nil, err
	}
	feed, err := s.watch(ctx, in.ID, s.Live.WatchMission)
	if err != nil {
		return nil, err
	}
	return s.streaming(feed, func(ctx context.Context, st *stream) error {
		if resumed {
			var err error
			if last, err = s.replay(ctx, st, in.ID, last); err != nil {
				return err
			}
		}
		return s.follow(ctx, st, feed, func(e *mission.Event) error {
			if e.Revision <= last {
				return nil
			}
			last = e.Revision
			if err := s.sendShared(st, e, true); err != nil || e.Kind != mission.WasSettled {
				return err
			}
			return errOver
		})
	}), nil
}

// countedFeed gives its address's place back when it is closed.
type countedFeed struct {
	Feed
	leave func()
}

func (f countedFeed) Close() {
	f.Feed.Close()
	f.leave()
}

// watch opens a feed, counted for the caller's address.
func (s *server) watch(ctx context.Context, id uuid.UUID, open func(context.Context, uuid.UUID) (Feed, error)) (Feed, error) {
	leave, err := s.topics.enter(account.Place(addressOf(ctx)), id)
	if err != nil {
		return nil, err
	}
	feed, err := open(ctx, id)
	if err != nil {
		leave()
		return nil, err
	}
	return countedFeed{feed, leave}, nil
}

// errOver says that a mission is settled and its client has all of its events.
var errOver = errors.New("nothing more comes")

// resume is where a client goes on, and whether it does. A client that names an event
// that has not been yet, after a restore perhaps, gets the present state: it would wait
// for good otherwise.
func (s *server) resume(ctx context.Context, in *missionEventsInput, m mission.Mission) (last int64, resumed bool, err error) {
	if in.LastEventID == "" {
		return 0, false, nil
	}
	if last, err = strconv.ParseInt(in.LastEventID, 10, 64); err != nil {
		return 0, false, badEventID()
	}
	if last > m.Revision { // or the copy of the mission is old
		if m, err = s.seen.fresh(ctx, in.ID); err != nil {
			return 0, false, err
		}
	}
	switch {
	case last > m.Revision:
		return 0, false, nil
	case last == m.Revision && m.SettledAt != nil:
		return 0, false, errOver
	}
	return last, true, nil
}

// replay sends the log from after a revision to its end, and returns the
// revision it came to.
func (s *server) replay(ctx context.Context, st *stream, id uuid.UUID, last int64) (int64, error) {
	for {
		events, err := s.Events.Events(ctx, id, last, replayPage)
		if err != nil {
			return last, err
		}
		for _, e := range events {
			text, err := encodeFrame(&e, true)
			if err != nil {
				return last, err
			}
			if err := st.write(text); err != nil {
				return last, err
			}
			last = e.Revision
			if e.Kind == mission.WasSettled {
				return last, errOver
			}
		}
		if len(events) < replayPage {
			return last, nil
		}
	}
}

func (s *server) streamStreamer(ctx context.Context, id uuid.UUID) (*eventsAnswer, error) {
	feed, err := s.watch(ctx, id, s.Live.WatchStreamer)
	if err != nil {
		return nil, err
	}
	return s.streaming(feed, func(ctx context.Context, st *stream) error {
		return s.follow(ctx, st, feed, func(e *mission.Event) error { return s.sendShared(st, e, false) })
	}), nil
}

// sendShared sends an event that other streams send too.
func (s *server) sendShared(st *stream, e *mission.Event, withID bool) error {
	text, err := s.frames.of(e, withID)
	if err != nil {
		return err
	}
	return st.write(text)
}

// streaming is an answer that runs as long as its client stays.
func (s *server) streaming(feed Feed, run func(context.Context, *stream) error) *eventsAnswer {
	return &eventsAnswer{Body: func(hc huma.Context) {
		defer feed.Close()
		r, w := humago.Unwrap(hc)
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Type", streamType)
			return
		}
		defer s.metrics.watching(r.Context())()
		st, err := openStream(w)
		if err == nil {
			err = run(r.Context(), st)
		}
		if err != nil && !errors.Is(err, errOver) && r.Context().Err() == nil {
			s.log.InfoContext(r.Context(), "stream ended", "error", err)
		}
	}}
}

// follow hands on the feed's events until the client leaves, the feed ends or
// the instance stops.
func (s *server) follow(ctx context.Context, st *stream, feed Feed, send func(*mission.Event) error) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case e, ok := <-feed.Events():
			if !ok {
				return nil
			}
			err = send(e)
		case <-beat.C:
			err = st.write(stillHere)
		case <-ctx.Done():
			return ctx.Err()
		case <-s.Draining:
			return nil
		}
		if err != nil {
			return err
		}
	}
}
