package functions

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAPushUnderWayIsAnsweredAndALaterOneIsSentAway(t *testing.T) {
	t.Parallel()
	d := newDrain()
	entered, goOn := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(d.handler(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-goOn
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	statuses := make(chan int, 1)
	go func() { statuses <- deliver(t, server.URL) }()
	<-entered
	ended := make(chan error, 1)
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.stop(hurried); !errors.Is(err, context.Canceled) {
		t.Errorf("stopping without waiting returned %v, want an error because a push is still under way", err)
	}
	go func() {
		<-d.idle
		ended <- nil
	}()
	if got := deliver(t, server.URL); got != http.StatusServiceUnavailable {
		t.Errorf("a push that came after the signal got %d, want 503", got)
	}
	select {
	case <-ended:
		t.Error("the drain ended while a push was under way")
	default:
	}
	close(goOn)
	if got := <-statuses; got != http.StatusNoContent {
		t.Errorf("the push under way got %d, want 204", got)
	}
	<-ended
}

func TestADrainWithNothingUnderWayEndsAtOnce(t *testing.T) {
	t.Parallel()
	if err := newDrain().stop(t.Context()); err != nil {
		t.Errorf("stopping returned %v, want nil at once", err)
	}
}

func deliver(t *testing.T, url string) int {
	response, err := http.Post(url, "application/json", http.NoBody)
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode
}
