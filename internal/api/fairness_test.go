package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/mission"
)

// from is a header by which a stand behind one proxy takes a caller's address.
func from(last int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", last)} }

// connect opens a stream and keeps it for as long as the test runs. It returns the status.
func (s *stand) connect(path string, headers ...string) int {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	s.ok(err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	s.ok(err)
	s.t.Cleanup(func() { response.Body.Close() })
	return response.StatusCode
}

// However a stream is asked for, it takes a stream's place and none of a call's.
func TestAStreamIsCountedByWhatWasAgreedOn(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string][]string{
		"by name": {"text/event-stream"}, "by its kind": {"text/*"}, "in capitals": {"TEXT/EVENT-STREAM"},
		"in a second header": {"application/xml", "text/event-stream"}, "by weight": {"application/json;q=0.1, text/*;q=0.9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(_ *stand, d *api.Dependencies) { d.MaxCalls, d.MaxStreams = 4, 4 })
			m := s.mission(s.viewer("mina", 10_000), s.signUp("jun", true), 1_000)
			var headers []string
			for _, value := range accept {
				headers = append(headers, "Accept", value)
			}
			for range 3 {
				if got := s.connect(eventsOf(m), headers...); got != http.StatusOK {
					t.Fatalf("a stream got %d, want 200", got)
				}
			}
			if got := s.connect(eventsOf(m), headers...); got != http.StatusServiceUnavailable {
				t.Errorf("a stream beyond the share of an address got %d, want 503", got)
			}
			for range 5 {
				s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)
			}
		})
	}
}

func TestOneAddressDoesNotTakeAllStreams(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.TrustedHops, d.MaxStreams = 1, 8 })
	m := s.mission(s.viewer("mina", 10_000), s.signUp("jun", true), 1_000)
	stream := func(last int) int {
		return s.connect(eventsOf(m), append(from(last), "Accept", "text/event-stream")...)
	}
	for i := range 10 {
		want := http.StatusOK
		if i >= 6 {
			want = http.StatusServiceUnavailable
		}
		if got := stream(1); got != want {
			t.Errorf("stream %d of an address got %d, want %d", i+1, got, want)
		}
	}
	if got := stream(2); got != http.StatusOK {
		t.Errorf("another address's stream got %d, want 200", got)
	}
}

// unending sends the head of a sign-in and a body that does not end.
func (s *stand) unending(last int) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	s.ok(err)
	s.t.Cleanup(func() { c.Close() })
	_, err = fmt.Fprintf(c, "POST /v1/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.%d\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", last)
	s.ok(err)
	return c
}

func TestUnendingBodiesOfOneAddressLeaveRoomAndAreCutOff(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.TrustedHops, d.MaxCalls = 1, 8 })
	s.signUp("mina", false)
	began := time.Now()
	first := s.unending(1)
	var rejected net.Conn // the share of the address is six
	for range 20 {
		rejected = s.unending(1)
	}
	for range 3 {
		s.login("mina@example.com", goodPassword, from(2)...).want(http.StatusOK)
	}
	for _, c := range []net.Conn{first, rejected} {
		s.ok(c.SetReadDeadline(time.Now().Add(14 * time.Second)))
		line, err := bufio.NewReader(c).ReadString('\n')
		if took := time.Since(began); err != nil && err != io.EOF || took > 12*time.Second {
			t.Errorf("a body that does not end is cut off after %s with %q, %v; want about five seconds", took, line, err)
		}
	}
}

// Every mission that is watched needs a listener, and an instance has a bounded number.
func TestOneAddressWatchesABoundedNumberOfMissions(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.TrustedHops, d.Live = 1, quietLive{}
	})
	mina, jun := s.viewer("mina", 100_000), s.signUp("jun", true)
	stream := func(last int, m mission.Snapshot) int {
		return s.connect(eventsOf(m), append(from(last), "Accept", "text/event-stream")...)
	}
	var missions []mission.Snapshot
	for range 101 {
		missions = append(missions, read[mission.Snapshot](s.postKeyed("/v1/missions", mina.token, draft(jun, 100)).want(http.StatusCreated)))
	}
	for _, m := range missions[:100] {
		if got := stream(1, m); got != http.StatusOK {
			t.Fatalf("a stream got %d, want 200", got)
		}
	}
	if got := stream(1, missions[100]); got != http.StatusServiceUnavailable {
		t.Errorf("one more mission got %d, want 503", got)
	}
	if got := stream(1, missions[0]); got != http.StatusOK {
		t.Errorf("one more stream of the same mission got %d, want 200", got)
	}
	if got := stream(2, missions[100]); got != http.StatusOK {
		t.Errorf("another address got %d, want 200", got)
	}
}

// quietLive is a board on which nothing happens.
type quietLive struct{ api.Live }

type quietFeed struct{}

func (quietFeed) Events() <-chan *mission.Event { return nil }
func (quietFeed) Close()                        {}

func (quietLive) WatchMission(context.Context, uuid.UUID) (mission.Feed, error) {
	return quietFeed{}, nil
}

func TestTheProbesAskTheDatabasesOnceASecond(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.Probes = []edge.Probe{{Name: "a part", Ping: func(context.Context) error {
			asked.Add(1)
			time.Sleep(20 * time.Millisecond)
			return nil
		}}}
	})
	began := time.Now()
	for range 200 {
		s.get("/readyz", "").want(http.StatusOK)
	}
	if most := int64(time.Since(began)/time.Second) + 1; asked.Load() > most {
		t.Errorf("200 probes asked the part %d times in %s, want %d at most", asked.Load(), time.Since(began), most)
	}
}

func TestHeadOnAStreamIsAnsweredAndDone(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	m := s.mission(s.viewer("mina", 10_000), s.signUp("jun", true), 1_000)
	for _, accept := range []string{"text/event-stream", "application/json"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.url+eventsOf(m), nil)
		s.ok(err)
		request.Header.Set("Accept", accept)
		client := *s.client
		client.Timeout = time.Minute
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("HEAD for %s: %v", accept, err)
		}
		_, err = io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != accept {
			t.Errorf("HEAD for %s: %d, %q, %v", accept, response.StatusCode, response.Header.Get("Content-Type"), err)
		}
	}
}

func TestAStreamEndsWithTheSettlementAndAReconnectIsTold(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	w := s.watch(eventsOf(m))
	s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
	var last sse
	for last.kind != "settled" {
		last = w.next()
	}
	select {
	case e, open := <-w.events:
		if open && e.kind != "" {
			t.Errorf("after the settlement comes %+v", e)
		}
	case <-time.After(time.Minute):
		t.Error("the stream of a settled mission stays open")
	}
	if got := s.connect(eventsOf(m), "Accept", "text/event-stream", "Last-Event-ID", last.id); got != http.StatusNoContent {
		t.Errorf("a reconnect got %d, want 204", got)
	}
	list := read[edge.Listed[mission.Event]](s.get("/v1/streamers/"+jun.id.String()+"/events", "").want(http.StatusOK))
	if got := list.Items[0]; string(got.Kind) != "settled" || got.Revision != last.event.Revision {
		t.Errorf("the list says %s of revision %d, the stream %s of %d", got.Kind, got.Revision, last.kind, last.event.Revision)
	}
}

func TestAnEventThatHasNotBeenYetGetsThePresentState(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina, jun, sora := s.viewer("mina", 10_000), s.signUp("jun", true), s.viewer("sora", 10_000)
	m := s.mission(mina, jun, 1_000)
	w := s.watch(eventsOf(m), "Last-Event-ID", "999999")
	first := w.next()
	if first.event.Mission.ID != m.ID {
		t.Errorf("the stream begins with %+v, want the present state", first)
	}
	s.addBets(m, sora, 1)
	// The board may show the acceptance only now, so one event may come before the pot's.
	next := w.next()
	if next.kind == "accepted" {
		next = w.next()
	}
	if next.kind != "pot_changed" || next.event.Mission.Contributors != 2 {
		t.Errorf("then comes %q with %+v, want the next event", next.kind, next.event.Mission)
	}
}
