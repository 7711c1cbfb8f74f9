package api

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/mission"
)

type missionEventsInput struct {
	Page
	ID          uuid.UUID `path:"id" doc:"The id of the mission."`
	LastEventID string    `header:"Last-Event-ID" maxLength:"19" pattern:"^[0-9]*$" doc:"Event streams: go on after this event. Browsers send it by themselves." example:"0000000000000000007"`
}

type streamerEventsInput struct {
	Page
	ID uuid.UUID `path:"id" doc:"The id of the streamer's account."`
}

// eventsAnswer is JSON or an event stream, whichever was agreed on.
type eventsAnswer struct {
	Body func(huma.Context)
}

const streamDescription = " With `Accept: text/event-stream` it is a live stream of server-sent events: `event` is the kind, `data` " +
	"the same object as in the JSON list. A comment comes every 15 seconds; if nothing comes for longer, connect again."

const (
	missionEventsPath  = "/v1/missions/{id}/events"
	streamerEventsPath = "/v1/streamers/{id}/events"
)

// eventOffers are the media types of events here. Watchers have a service of their own.
func (s *server) eventOffers() []string {
	if s.Role == RoleAPI {
		return []string{jsonType}
	}
	return []string{jsonType, streamType}
}

func (s *server) serveEvents() {
	offers := s.eventOffers()
	serve(s, operation{
		id: "mission-events", method: http.MethodGet, path: missionEventsPath, tag: "Events", offers: offers,
		summary: "What happened to a mission", refusals: []*fault.Kind{fault.NotFound},
		description: "The event log, oldest first. Revisions rise by one, so you can tell that nothing is missing." + streamDescription +
			" `id` is the revision. It begins with the present state, or right after `Last-Event-ID`; with the present state too if there is no such event yet. " +
			"It ends with the event `settled`, after which nothing comes; who connects again after that gets 204, on which browsers stop.",
	}, s.missionEvents)
	serve(s, operation{
		id: "streamer-events", method: http.MethodGet, path: streamerEventsPath, tag: "Events", offers: offers,
		summary: "What happens to a streamer's missions", refusals: []*fault.Kind{fault.NotFound},
		description: "The missions for a streamer as they are now, newest first." + streamDescription +
			" There is no `id`: it begins with the missions that are open, or were decided within the last hour, as they are; so after a break just connect again.",
	}, s.streamerEvents)
	s.documentEvents()
}

func (s *server) missionEvents(ctx context.Context, in *missionEventsInput) (*eventsAnswer, error) {
	// Only the answer may go on for ever; all that comes before it is bounded.
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	m, err := s.seen.get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if accepted(ctx) == streamType {
		return s.streamMission(ctx, in, m)
	}
	list := listOf("mission events", in.ID)
	from, err := after(in.Page, list, int64(0))
	if err != nil {
		return nil, err
	}
	events, err := s.Events.Events(ctx, in.ID, from, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return jsonPage(page(in.Page, list, events, same, func(e mission.Event) int64 { return e.Revision }))
}

func (s *server) streamerEvents(ctx context.Context, in *streamerEventsInput) (*eventsAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	streamer, err := s.Accounts.UserByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !streamer.Streamer {
		return nil, fault.NotFound.Because("There is no such streamer.")
	}
	if accepted(ctx) == streamType {
		return s.streamStreamer(ctx, in.ID)
	}
	list := listOf("streamer events", in.ID)
	before, err := after(in.Page, list, uuid.Nil)
	if err != nil {
		return nil, err
	}
	missions, err := s.Missions.List(ctx, mission.Filter{StreamerID: in.ID, Before: before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return jsonPage(page(in.Page, list, missions, lastEvent, func(m mission.Mission) uuid.UUID { return m.ID }))
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

func jsonPage[T any](listed Listed[T], err error) (*eventsAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &eventsAnswer{Body: func(ctx huma.Context) {
		_, w := humago.Unwrap(ctx)
		w.Header().Set("Content-Type", jsonType)
		// A client that has gone needs no body.
		_ = write(w, listed)
	}}, nil
}

// documentEvents tells of the two bodies, which huma can't see.
func (s *server) documentEvents() {
	listed := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Listed[mission.Event]](), true, "ListedEvent")
	content := map[string]*huma.MediaType{
		jsonType: {Schema: listed},
		streamType: {
			Schema:  &huma.Schema{Type: huma.TypeString, Description: "Server-sent events."},
			Example: "id: 0000000000000000003\nevent: pot_changed\ndata: {\"revision\":3,\"kind\":\"pot_changed\",…}\n\n",
		},
	}
	paths := s.huma.OpenAPI().Paths
	for _, path := range []string{missionEventsPath, streamerEventsPath} {
		paths[path].Get.Responses["200"].Content = content
	}
	over := map[string]*huma.Response{"204": {Description: "The mission is settled, and the client has every event of it."}}
	documentHeaders(over)
	maps.Copy(paths[missionEventsPath].Get.Responses, over)
}

// changedAt is when a mission came into its present state, as far as the
// mission itself tells.
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
