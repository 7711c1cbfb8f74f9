package api_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/mission"
)

// slowEvents keep a call in its place until they are let go.
type slowEvents struct{ entered, goOn chan struct{} }

func (e slowEvents) Events(context.Context, uuid.UUID, int64, int) ([]mission.Event, error) {
	e.entered <- struct{}{}
	<-e.goOn
	return nil, nil
}

func TestAFullInstanceSendsCallsAwayAndStaysAliveForItsProbesAndStreams(t *testing.T) {
	t.Parallel()
	slow := slowEvents{make(chan struct{}), make(chan struct{})}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.MaxCalls, d.Events = 2, slow })
	path := s.url + "/v1/missions/" + uuid.NewString() + "/events"
	statuses := make(chan int, 2)
	for range 2 {
		go func() { statuses <- statusOf(t, path, "application/json") }()
		<-slow.entered
	}
	response, err := http.Get(s.url + "/v1/streamers")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "1" {
		t.Errorf("a third call got %d, Retry-After %q: %s; want 503 and a second", response.StatusCode, response.Header.Get("Retry-After"), body)
	}
	if got := statusOf(t, s.url+"/healthz", "application/json"); got != http.StatusOK {
		t.Errorf("the probe got %d, want 200: a busy instance is not ill", got)
	}
	if got := statusOf(t, path, "text/event-stream"); got != http.StatusOK {
		t.Errorf("a stream got %d, want 200: streams are counted apart", got)
	}
	close(slow.goOn)
	for range 2 {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("a call that had its place got %d, want 200", got)
		}
	}
	if got := statusOf(t, s.url+"/v1/streamers", "application/json"); got != http.StatusOK {
		t.Errorf("a call after that got %d, want 200: the places were given back", got)
	}
}

func TestAStreamBeyondTheBoundIsSentAwayAndCallsGoOn(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.MaxStreams = 1 })
	path := s.url + "/v1/missions/" + uuid.NewString() + "/events"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	first, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	if got := statusOf(t, path, "text/event-stream"); got != http.StatusServiceUnavailable {
		t.Errorf("a second stream got %d, want 503", got)
	}
	if got := statusOf(t, s.url+"/v1/streamers", "application/json"); got != http.StatusOK {
		t.Errorf("a call got %d, want 200: it is no stream", got)
	}
}

// statusOf leaves without reading, so that a stream ends too.
func statusOf(t *testing.T, url, accept string) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}
