package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/mission"
)

// replayPage is how many old events are read at once for a client that resumes.
const replayPage = 100

// streams sends events as they happen.
type streams struct {
	edge   *edge.Edge
	feeds  feeds
	log    EventLog
	seen   *missionCache
	frames frames
}

// newStreams returns nil where there are none.
func newStreams(e *edge.Edge, d Dependencies, seen *missionCache) *streams {
	if d.NoStreams {
		return nil
	}
	return &streams{edge: e, feeds: feeds{d.Live, newTopics()}, log: d.Events, seen: seen}
}

// streamMission joins the live feed first and then reads what the client
// missed, so that nothing falls between the two.
func (s *streams) streamMission(ctx context.Context, in *missionEventsInput, m mission.Mission) (*edge.Answer, error) {
	last, resumed, err := s.resume(ctx, in, m)
	if errors.Is(err, errOver) {
		return edge.NoContent(), nil
	}
	if err != nil {
		return nil, err
	}
	feed, err := s.feeds.ofMission(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.run(feed, func(ctx context.Context, st *edge.Stream) error {
		if resumed {
			var err error
			if last, err = s.replay(ctx, st, in.ID, last); err != nil {
				return err
			}
		}
		return edge.Follow(ctx, st, feed.Events(), func(e *mission.Event) error {
			if e.Revision <= last {
				return nil
			}
			last = e.Revision
			if err := s.send(st, e, true); err != nil || e.Kind != mission.WasSettled {
				return err
			}
			return errOver
		})
	}), nil
}

// errOver says that a mission is settled and its client has all of its events.
var errOver = errors.New("nothing more comes")

// run streams until the client leaves or there is nothing more to send.
func (s *streams) run(feed mission.Feed, send func(context.Context, *edge.Stream) error) *edge.Answer {
	return s.edge.Streaming(feed.Close, func(ctx context.Context, st *edge.Stream) error {
		if err := send(ctx, st); !errors.Is(err, errOver) {
			return err
		}
		return nil
	})
}

// resume is where a client goes on, and whether it does. A client that names an event
// that has not been yet, after a restore perhaps, gets the present state: it would wait
// for good otherwise.
func (s *streams) resume(ctx context.Context, in *missionEventsInput, m mission.Mission) (last int64, resumed bool, err error) {
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
func (s *streams) replay(ctx context.Context, st *edge.Stream, id uuid.UUID, last int64) (int64, error) {
	for {
		events, err := s.log.Events(ctx, id, last, replayPage)
		if err != nil {
			return last, err
		}
		for _, e := range events {
			text, err := encode(&e, true)
			if err != nil {
				return last, err
			}
			if err := st.Send(text); err != nil {
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

func (s *streams) streamStreamer(ctx context.Context, id uuid.UUID) (*edge.Answer, error) {
	feed, err := s.feeds.ofStreamer(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.run(feed, func(ctx context.Context, st *edge.Stream) error {
		return edge.Follow(ctx, st, feed.Events(), func(e *mission.Event) error { return s.send(st, e, false) })
	}), nil
}

// send sends an event that other streams send too.
func (s *streams) send(st *edge.Stream, e *mission.Event, withID bool) error {
	text, err := s.frames.of(e, withID)
	if err != nil {
		return err
	}
	return st.Send(text)
}
