package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// sent is one server-sent event.
type sent struct {
	id, kind string
	event    missionEvent
}

// stream is a client of an event stream.
type stream struct {
	events <-chan sent // closed when the stream ends
	leave  func()
}

// watch opens an event stream, after an event if one is given.
func (s *fixture) watch(t *testing.T, path, lastEventID string) *stream {
	t.Helper()
	header := map[string]string{"Accept": "text/event-stream"}
	if lastEventID != "" {
		header["Last-Event-ID"] = lastEventID
	}
	made, err := s.request(t, request{method: "GET", path: path, header: header})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	streaming := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 10 * time.Second}}
	resp, err := s.checked(t, streaming).Do(made.WithContext(ctx))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		cancel()
		t.Fatalf("the stream answers %d as %q, want 200 as text/event-stream", resp.StatusCode, got)
	}
	events := make(chan sent, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(events)
		defer resp.Body.Close()
		if err := readEvents(bufio.NewScanner(resp.Body), events); err != nil && ctx.Err() == nil {
			t.Errorf("the stream of %s: %v", path, err)
		}
	}()
	leave := func() {
		cancel()
		<-done
	}
	t.Cleanup(leave)
	return &stream{events: events, leave: leave}
}

// readEvents reads the format of https://html.spec.whatwg.org/multipage/server-sent-events.html.
func readEvents(lines *bufio.Scanner, events chan<- sent) error {
	var e sent
	data := ""
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			data += value
		case "":
			if lines.Text() != "" || data == "" {
				continue // a comment, or an empty event
			}
			if err := json.Unmarshal([]byte(data), &e.event); err != nil {
				return fmt.Errorf("data %s: %w", data, err)
			}
			events <- e
			e, data = sent{}, ""
		}
	}
	return lines.Err()
}

// next waits for one event.
func (st *stream) next(t *testing.T) sent {
	t.Helper()
	select {
	case e, open := <-st.events:
		if !open {
			t.Fatal("the stream ended, want another event")
		}
		return e
	case <-time.After(patience):
		t.Fatalf("no event came within %v", patience)
	}
	panic("unreachable")
}

// until reads events up to and including the first of a kind.
func (st *stream) until(t *testing.T, kind string) (seen []sent) {
	t.Helper()
	for {
		e := st.next(t)
		seen = append(seen, e)
		if e.kind == kind {
			return seen
		}
	}
}

// A watcher loses the connection while a mission runs and resumes from the last id it saw. Both
// halves together are the event log.
func TestRule14AStreamResumesWithoutAGapOrARepeat(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	creator, backer, streamer := s.viewer(t, "en", purse), s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	m := creator.ask(t, streamer, 1000)
	path := "/v1/missions/" + m.ID + "/events"
	first := s.watch(t, path, "0")
	seen := first.until(t, "accepted")
	backer.bet(t, m.ID, 500)
	seen = append(seen, first.until(t, "pot_changed")...)
	last := seen[len(seen)-1].id
	first.leave()
	// What happens while nobody watches.
	backer.bet(t, m.ID, 700)
	s.awaitReward(t, m.ID, 2200)
	second := s.watch(t, path, last)
	seen = append(seen, second.next(t))
	streamer.judge(t, m.ID, "success")
	seen = append(seen, second.until(t, "settled")...)

	var streamed []missionEvent
	for i, e := range seen {
		if want := fmt.Sprintf("%019d", i+1); e.id != want || e.kind != e.event.Kind {
			t.Errorf("event %d has id %q and name %q for %q, want id %q", i+1, e.id, e.kind, e.event.Kind, want)
		}
		streamed = append(streamed, e.event)
	}
	logged := all[missionEvent](t, s, path, "")
	if diff := cmp.Diff(logged, streamed); diff != "" {
		t.Errorf("the streams differ from the log (-log +streams):\n%s", diff)
	}
}

func TestAStreamBeginsWithThePresentState(t *testing.T) {
	t.Parallel()
	sc := sharedSystem(t).activeScene(t)
	var now missionEvent
	eventually(t, func() string { // the live board follows the database
		now = sc.watch(t, "/v1/missions/"+sc.mission.ID+"/events", "").next(t).event
		if now.Mission.Reward == 5500 {
			return ""
		}
		return fmt.Sprintf("the stream begins with %+v, want a reward of 5500", now)
	})
	if diff := cmp.Diff(sc.fixture.mission(t, sc.mission.ID), now.Mission); diff != "" {
		t.Errorf("the stream begins with another mission (-mission +event):\n%s", diff)
	}
}

func TestRule14AStreamersStreamBeginsWithTheOpenMissionsAndGoesOnLive(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	creator, streamer := s.viewer(t, "en", purse), s.streamer(t, "en", nil)
	var open []string
	for range 3 {
		open = append(open, creator.ask(t, streamer, 1000).ID)
	}
	over := creator.ask(t, streamer, 1000).ID
	streamer.judge(t, over, "fail")
	s.awaitSettled(t, over)
	eventually(t, func() string { // the live board follows the database
		for _, id := range append(open, over) {
			events := read[list[missionEvent]](t, s.call(t, request{method: "GET", path: "/v1/missions/" + id + "/events"}), http.StatusOK)
			if n := len(events.Items); n < 2 || id == over && events.Items[n-1].Kind != "settled" {
				return fmt.Sprintf("the board has %d events of mission %s", n, id)
			}
		}
		return ""
	})
	live := s.watch(t, "/v1/streamers/"+streamer.id+"/events", "")
	var shown []string
	for range open {
		shown = append(shown, live.next(t).event.Mission.ID)
	}
	slices.Sort(open)
	slices.Sort(shown)
	if !slices.Equal(shown, open) {
		t.Fatalf("the stream begins with missions %v, want the open ones %v", shown, open)
	}
	streamer.judge(t, open[1], "success")
	if e := live.until(t, "succeeded"); e[len(e)-1].event.Mission.ID != open[1] {
		t.Errorf("the verdict is of mission %s, want %s", e[len(e)-1].event.Mission.ID, open[1])
	}
	fresh := creator.ask(t, streamer, 1000).ID
	for e := live.next(t); e.event.Mission.ID != fresh; {
		e = live.next(t)
	}
}

func TestAStreamOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	viewer := s.viewer(t, "en", 0)
	stream := map[string]string{"Accept": "text/event-stream"}
	for path, code := range map[string]string{
		"/v1/missions/" + uuid.NewString() + "/events": "not_found",
		"/v1/streamers/" + viewer.id + "/events":       "not_found",
	} {
		refused(t, s.call(t, request{method: "GET", path: path, header: stream}), http.StatusNotFound, code)
	}
}
