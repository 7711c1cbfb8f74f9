package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

type missionEventsInput struct {
	edge.Page
	ID          uuid.UUID `path:"id" doc:"The id of the mission."`
	LastEventID string    `header:"Last-Event-ID" maxLength:"19" pattern:"^[0-9]*$" doc:"Event streams: go on after this event. Browsers send it by themselves." example:"0000000000000000007"`
}

type streamerEventsInput struct {
	edge.Page
	ID uuid.UUID `path:"id" doc:"The id of the streamer's account."`
}

const streamDescription = " With `Accept: text/event-stream` it is a live stream of server-sent events: `event` is the kind, `data` " +
	"the same object as in the JSON list. A comment comes every 15 seconds; if nothing comes for longer, connect again."

// events shows what happens, as lists and as streams.
type events struct {
	seen     *missionCache
	log      EventLog
	missions MissionLists
	users    Users
	streams  *streams // nil if there are none here
}

// offers are the media types of events here.
func (s *events) offers() []string {
	if s.streams == nil {
		return []string{edge.JSONType}
	}
	return []string{edge.JSONType, edge.StreamType}
}

func (s *events) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "mission-events", Method: http.MethodGet, Path: "/v1/missions/{id}/events", Tag: "Events", Offers: s.offers(), Content: eventBodies,
		Summary: "What happened to a mission", Refusals: []*fault.Kind{fault.NotFound},
		Description: "The event log, oldest first. Revisions rise by one, so you can see that nothing is missing." + streamDescription +
			" `id` is the revision. It begins with the present state, or right after `Last-Event-ID`; with the present state too if there is no such event yet. " +
			"It ends with the event `settled`, after which nothing comes; who connects again after that gets 204, on which browsers stop.",
		Bare: map[int]string{http.StatusNoContent: "The mission is settled, and the client has every event of it."},
	}, s.missionEvents)
	edge.Serve(e, edge.Operation{
		ID: "streamer-events", Method: http.MethodGet, Path: "/v1/streamers/{id}/events", Tag: "Events", Offers: s.offers(), Content: eventBodies,
		Summary: "What happens to a streamer's missions", Refusals: []*fault.Kind{fault.NotFound},
		Description: "The missions for a streamer as they are now, newest first." + streamDescription +
			" There is no `id`: it begins with the missions that are open, or were decided within the last hour, as they are; so after a break just connect again.",
	}, s.streamerEvents)
}

func (s *events) missionEvents(ctx context.Context, in *missionEventsInput) (*edge.Answer, error) {
	// Only the answer may go on for ever; all that comes before it is bounded.
	ctx, cancel := context.WithTimeout(ctx, edge.CallTime)
	defer cancel()
	m, err := s.seen.get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if edge.Accepted(ctx) == edge.StreamType {
		return s.streams.streamMission(ctx, in, m)
	}
	list := edge.ListOf("mission events", in.ID)
	from, err := edge.After(in.Page, list, int64(0))
	if err != nil {
		return nil, err
	}
	events, err := s.log.Events(ctx, in.ID, from, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return jsonPage(edge.Paginate(in.Page, list, events, same, func(e mission.Event) int64 { return e.Revision }))
}

func (s *events) streamerEvents(ctx context.Context, in *streamerEventsInput) (*edge.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, edge.CallTime)
	defer cancel()
	streamer, err := s.users.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !streamer.Streamer {
		return nil, fault.NotFound.Because("There is no such streamer.")
	}
	if edge.Accepted(ctx) == edge.StreamType {
		return s.streams.streamStreamer(ctx, in.ID)
	}
	list := edge.ListOf("streamer events", in.ID)
	before, err := edge.After(in.Page, list, uuid.Nil)
	if err != nil {
		return nil, err
	}
	missions, err := s.missions.List(ctx, mission.Filter{StreamerID: in.ID, Before: before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return jsonPage(edge.Paginate(in.Page, list, missions, lastEvent, func(m mission.Mission) uuid.UUID { return m.ID }))
}

// streamID is a revision as the id of a server-sent event. Zero-padded, ids
// sort as text too.
func streamID(revision int64) string {
	text := strconv.FormatInt(revision, 10)
	return "0000000000000000000"[len(text):] + text
}

func same(e mission.Event) mission.Event { return e }

// lastEvent is a mission's newest event, as its log has it.
func lastEvent(m mission.Mission) mission.Event {
	return mission.Event{Revision: m.Revision, Kind: m.LastKind(), Mission: m.Snapshot(), At: changedAt(m)}
}

func jsonPage[T any](listed edge.Listed[T], err error) (*edge.Answer, error) {
	if err != nil {
		return nil, err
	}
	return edge.JSON(listed), nil
}

// eventBodies describes the two bodies, which huma can't see.
func eventBodies(schemas huma.Registry) map[string]*huma.MediaType {
	listed := schemas.Schema(reflect.TypeFor[edge.Listed[mission.Event]](), true, "ListedEvent")
	return map[string]*huma.MediaType{
		edge.JSONType: {Schema: listed},
		edge.StreamType: {
			Schema:  &huma.Schema{Type: huma.TypeString, Description: "Server-sent events."},
			Example: "id: 0000000000000000003\nevent: pot_changed\ndata: {\"revision\":3,\"kind\":\"pot_changed\",…}\n\n",
		},
	}
}

// changedAt is when a mission came into its present state, as far as the
// mission itself shows.
func changedAt(m mission.Mission) time.Time {
	at := m.CreatedAt
	for _, later := range []*time.Time{m.AcceptedAt, m.DecidedAt, m.SettledAt} {
		if later != nil && later.After(at) {
			at = *later
		}
	}
	return at.UTC()
}

func badEventID() error {
	return fault.Invalid.On("header.Last-Event-ID", "is not the id of an event")
}
