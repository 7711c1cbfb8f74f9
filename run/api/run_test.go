package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/missionpot/internal/api/edge"
)

// freeAddress returns an address that nothing listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get waits until the server is up.
func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(url)
		if !errors.Is(err, syscall.ECONNREFUSED) || time.Now().After(end) {
			return response, err
		}
	}
}

func TestACallUnderWayIsFinishedAndAStreamIsEnded(t *testing.T) {
	t.Parallel()
	address, draining := freeAddress(t), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	entered := make(chan struct{}, 2)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /call", func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-ctx.Done()                       // the signal comes during the call
		time.Sleep(200 * time.Millisecond) // and the call takes longer than that
		_, _ = io.WriteString(w, "done")
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-draining
	})
	ended := make(chan error, 1)
	go func() { ended <- listen(ctx, address, mux, draining, slog.New(slog.DiscardHandler)) }()
	answers := make(chan string, 2)
	for _, path := range []string{"/call", "/stream"} {
		go func() {
			response, err := get(t, "http://"+address+path)
			if err != nil {
				answers <- err.Error()
				return
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				answers <- err.Error()
				return
			}
			answers <- string(body)
		}()
	}
	<-entered
	<-entered
	stop()
	if got := <-answers + <-answers; got != "done" {
		t.Errorf("the call and the stream ended with %q, want the call's whole answer and an empty one", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopping gave %v", err)
		}
	case <-time.After(drainTime):
		t.Error("the server did not stop")
	}
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = listen(t.Context(), l.Addr().String(), http.NotFoundHandler(), make(chan struct{}), slog.New(slog.DiscardHandler))
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want that the address is in use", err)
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), []string{"serve", "now"}); err == nil || !strings.Contains(err.Error(), "usage") {
		t.Errorf("got %v, want the usage", err)
	}
}

func TestAPageOfAnyPortIsAllowedOnAStandAndNeverInADeployment(t *testing.T) {
	t.Parallel()
	for _, origin := range edge.ThisMachine {
		var c settings
		c.Origins, c.FirestoreEmulator, c.PubSubEmulator = []string{origin}, "127.0.0.1:1", "127.0.0.1:2"
		if _, err := allowOrigins(http.NotFoundHandler(), c); err != nil {
			t.Errorf("%s on a stand: error %v, want it allowed", origin, err)
		}
		c.PubSubEmulator = ""
		if _, err := allowOrigins(http.NotFoundHandler(), c); err == nil {
			t.Errorf("%s was allowed in a deployment", origin)
		}
	}
}
