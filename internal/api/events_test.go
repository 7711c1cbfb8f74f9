package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/migrations"
)

// sse is one server-sent event.
type sse struct {
	id, kind, retry, comment string
	event                    mission.Event
}

// watcher reads a live stream.
type watcher struct {
	t      testing.TB
	events chan sse
	header http.Header
	stop   context.CancelFunc
}

func (s *stand) watch(path string, headers ...string) *watcher {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	s.ok(err)
	request.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	s.ok(err)
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("watching %s answered %d", path, response.StatusCode)
	}
	w := &watcher{s.t, make(chan sse, 1000), response.Header, cancel}
	s.t.Cleanup(cancel)
	go func() {
		defer close(w.events)
		defer response.Body.Close()
		w.read(bufio.NewScanner(response.Body))
	}()
	return w
}

// read follows the specification's rules: fields until an empty line.
func (w *watcher) read(lines *bufio.Scanner) {
	var e sse
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			w.events <- e
			e = sse{}
		case name == "":
			e.comment = value
		case name == "id":
			e.id = value
		case name == "event":
			e.kind = value
		case name == "retry":
			e.retry = value
		case name == "data":
			if err := json.Unmarshal([]byte(value), &e.event); err != nil {
				w.t.Errorf("the data is not an event: %v: %s", err, value)
			}
		}
	}
}

// next is the next event, which must come soon. Comments and hints are left out.
func (w *watcher) next() sse {
	w.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case e, ok := <-w.events:
			if !ok {
				w.t.Fatal("the stream ended")
			}
			if e.kind != "" {
				return e
			}
		case <-late:
			w.t.Fatal("no event came in a minute")
		}
	}
}

// through collects events until the mission's revision.
func (w *watcher) through(revision int64) []sse {
	w.t.Helper()
	var seen []sse
	for {
		e := w.next()
		seen = append(seen, e)
		if e.event.Revision >= revision {
			return seen
		}
	}
}

func (s *stand) addBets(m mission.Snapshot, by player, n int) {
	s.t.Helper()
	for range n {
		s.postKeyed(betsOf(m), by.token, object{"amount": 100}).want(http.StatusAccepted)
	}
}

func eventsOf(m mission.Snapshot) string { return "/v1/missions/" + m.ID.String() + "/events" }

func TestTheEventLogTellsAMissionsLife(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	var log []mission.Event
	query := "?limit=2"
	for {
		page := read[edge.Listed[mission.Event]](s.get(eventsOf(m)+query, "").want(http.StatusOK))
		log = append(log, page.Items...)
		if page.NextCursor == nil {
			break
		}
		query = "?limit=2&cursor=" + *page.NextCursor
	}
	var kinds []string
	for i, e := range log {
		kinds = append(kinds, string(e.Kind))
		if e.Revision != int64(i)+1 {
			t.Errorf("event %d has the revision %d", i+1, e.Revision)
		}
	}
	if got := strings.Join(kinds, " "); !strings.HasPrefix(got, "created") || !strings.HasSuffix(got, "succeeded settled") {
		t.Errorf("the log has %q", got)
	}
	s.get("/v1/missions/"+uuid.NewString()+"/events", "").refused(http.StatusNotFound, "not_found")
}

func TestAWatcherSeesTheStateAndThenEveryChange(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	m := s.mission(mina, jun, 1_000)
	w := s.watch(eventsOf(m))
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := w.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	first := w.next()
	if first.event.Mission.Status != mission.Active || len(first.id) != 19 || first.kind != string(first.event.Kind) {
		t.Errorf("the stream begins with %+v, want the present state", first)
	}
	s.addBets(m, sora, 3)
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/fail", jun.token, nil).want(http.StatusOK)
	last := first.event.Revision
	for {
		e := w.next()
		if e.event.Revision != last+1 {
			t.Fatalf("after revision %d came %d", last, e.event.Revision)
		}
		if n, err := strconv.ParseInt(e.id, 10, 64); err != nil || n != e.event.Revision {
			t.Errorf("the id %q is not the revision %d", e.id, e.event.Revision)
		}
		last = e.event.Revision
		if e.event.Kind == mission.WasSettled {
			return
		}
	}
}

func TestRule14AStreamGoesOnAfterTheLastEventSeen(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 5_000)
	m := s.mission(mina, jun, 1_000)
	s.addBets(m, sora, 4)
	now, err := s.missions.ByID(t.Context(), m.ID)
	s.ok(err)
	w := s.watch(eventsOf(m), "Last-Event-ID", "0000000000000000001")
	for i, e := range w.through(now.Revision) {
		if e.event.Revision != int64(i)+2 {
			t.Fatalf("event %d of the replay has the revision %d, want %d", i, e.event.Revision, i+2)
		}
	}
	s.addBets(m, sora, 1)
	if e := w.next(); e.event.Revision != now.Revision+1 {
		t.Errorf("live goes on with the revision %d, want %d", e.event.Revision, now.Revision+1)
	}
	for _, malformed := range []string{"abc", "-1", "99999999999999999999"} {
		r := s.get(eventsOf(m), "", "Accept", "text/event-stream", "Last-Event-ID", malformed)
		if r.status != http.StatusUnprocessableEntity {
			t.Errorf("Last-Event-ID %q answered %d, want 422", malformed, r.status)
		}
	}
}

func TestRule14AStreamersStreamBeginsWithTheirOpenMissions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, hana := s.viewer("mina", 10_000), s.signUp("jun", true), s.signUp("hana", true)
	one, two := s.mission(mina, jun, 1_000), s.mission(mina, jun, 2_000)
	s.mission(mina, hana, 1_000)
	path := "/v1/streamers/" + jun.id.String() + "/events"
	w := s.watch(path)
	seen := map[uuid.UUID]bool{w.next().event.Mission.ID: true, w.next().event.Mission.ID: true}
	if !seen[one.ID] || !seen[two.ID] {
		t.Errorf("the stream begins with %v, want both missions of the streamer", seen)
	}
	s.call(http.MethodPost, "/v1/missions/"+two.ID.String()+"/fail", jun.token, nil).want(http.StatusOK)
	for {
		if e := w.next(); e.event.Mission.ID == two.ID && e.event.Mission.SettledAt != nil {
			break
		}
	}
	list := read[edge.Listed[mission.Event]](s.get(path, "").want(http.StatusOK))
	if len(list.Items) != 2 || list.Items[0].Mission.ID != two.ID {
		t.Errorf("the JSON lists %+v, want two missions, the newest first", list.Items)
	}
	s.get("/v1/streamers/"+mina.id.String()+"/events", "").refused(http.StatusNotFound, "not_found")
}

func TestStreamsEndWhenTheInstanceStops(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	w := s.watch(eventsOf(s.mission(mina, jun, 1_000)))
	w.next()
	close(s.drain)
	for end := time.After(time.Minute); ; {
		select {
		case _, open := <-w.events:
			if !open {
				return
			}
		case <-end:
			t.Fatal("the stream goes on after the instance was stopped")
		}
	}
}

func TestRule21TheRoleSaysWhatIsServed(t *testing.T) {
	t.Parallel()
	calls := newStand(t, func(_ *stand, d *api.Dependencies) { d.NoStreams = true })
	mina, jun := calls.viewer("mina", 10_000), calls.signUp("jun", true)
	m := calls.mission(mina, jun, 1_000)
	calls.get(eventsOf(m), "").want(http.StatusOK)
	calls.get(eventsOf(m), "", "Accept", "text/event-stream").refused(http.StatusNotAcceptable, "not_acceptable")

	var streamer uuid.UUID
	live := newStand(t, func(s *stand, d *api.Dependencies) {
		streamer = s.users.User(0)
		s.users.Exec(`UPDATE users SET streamer = true`)
		// As in the cloud, where this service reads two tables and no password.
		users := standtest.Programs(t, s.users.Pool.Config().ConnString(), migrations.Users)["live"]
		board := standtest.Programs(t, s.missions.Pool.Config().ConnString(), migrations.Missions)["live"]
		d.EventsOnly, d.Accounts, d.Missions = true, peopledb.New(s.pool(users)), missionsdb.New(s.pool(board))
	})
	live.get("/v1/streamers/"+streamer.String()+"/events", "").want(http.StatusOK)
	live.get("/v1/missions", "").refused(http.StatusNotFound, "not_found")
	live.get("/healthz", "").want(http.StatusOK)
	live.get("/v1/missions/"+m.ID.String()+"/events", "").refused(http.StatusNotFound, "not_found") // served, but not its mission
}

// fullLive has no place left, as a board at its cap.
type fullLive struct{ api.Live }

func (fullLive) WatchMission(context.Context, uuid.UUID) (mission.Feed, error) {
	return nil, fault.Unavailable.Because("too many are watching here").After(5 * time.Second)
}

func TestRule21AWatcherBeyondTheCapLearnsWhenToRetry(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Live = fullLive{d.Live} })
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	r := s.get(eventsOf(s.mission(mina, jun, 1_000)), "", "Accept", "text/event-stream")
	r.refused(http.StatusServiceUnavailable, "unavailable")
	if got := r.header.Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After is %q, want 5", got)
	}
}
