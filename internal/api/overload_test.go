package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/core/account"
)

// slowStreamers keep a call in its place until they are let go.
type slowStreamers struct {
	api.Accounts
	entered, goOn chan struct{}
}

func (a slowStreamers) Streamers(context.Context, uuid.UUID, int) ([]account.User, error) {
	a.entered <- struct{}{}
	<-a.goOn
	return nil, nil
}

func TestAFullInstanceSendsCallsAwayAndStaysAliveForItsProbesAndStreams(t *testing.T) {
	t.Parallel()
	slow := slowStreamers{entered: make(chan struct{}), goOn: make(chan struct{})}
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		slow.Accounts, d.MaxCalls = d.Accounts, 2
		d.Accounts = slow
	})
	m := s.mission(s.viewer("mina", 10_000), s.signUp("jun", true), 1_000)
	statuses := make(chan int, 2)
	for range 2 {
		go func() { statuses <- s.statusOf("/v1/streamers", "application/json") }()
		<-slow.entered
	}
	full := s.get("/v1/missions/"+m.ID.String(), "")
	if full.status != http.StatusServiceUnavailable || full.header.Get("Retry-After") != "1" {
		t.Errorf("a third call got %d, Retry-After %q; want 503 and a second", full.status, full.header.Get("Retry-After"))
	}
	if got := s.get("/readyz", ""); got.status != http.StatusOK {
		t.Errorf("the probe got %d, want 200: a busy instance is not ill", got.status)
	}
	if got := s.statusOf(eventsOf(m), "text/event-stream"); got != http.StatusOK {
		t.Errorf("a stream got %d, want 200: streams are counted apart", got)
	}
	close(slow.goOn)
	for range 2 {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("a call that had its place got %d, want 200", got)
		}
	}
	// The place is given back right after the answer is out.
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		got := s.get("/v1/missions/"+m.ID.String(), "")
		if got.status == http.StatusOK {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("a call after that got %d, want 200: the places were given back", got.status)
		}
	}
}

func TestAStreamBeyondTheBoundIsSentAwayAndCallsGoOn(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.MaxStreams = 1 })
	m := s.mission(s.viewer("mina", 10_000), s.signUp("jun", true), 1_000)
	s.watch(eventsOf(m))
	if got := s.statusOf(eventsOf(m), "text/event-stream"); got != http.StatusServiceUnavailable {
		t.Errorf("a second stream got %d, want 503", got)
	}
	if got := s.get(eventsOf(m), ""); got.status != http.StatusOK {
		t.Errorf("a call got %d, want 200: it is no stream", got.status)
	}
}

// statusOf leaves without reading, so that a stream ends too.
func (s *stand) statusOf(path, accept string) int {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	request.Header.Set("Accept", accept)
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}
