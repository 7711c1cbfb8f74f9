package client_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/missionpot/internal/rig/client"
)

func TestARefusalIsReportedWithTheCallAndItsAnswer(t *testing.T) {
	t.Parallel()
	api := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusPaymentRequired)
		_, _ = io.WriteString(w, `{"code":"insufficient_cash"}`)
	})
	err := client.Client{Base: api}.Post(t.Context(), "/v1/missions", nil, nil)
	if want := `POST /v1/missions: 402 Payment Required: {"code":"insufficient_cash"}`; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestOnlyPostOnceCarriesAKey(t *testing.T) {
	t.Parallel()
	api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{
			"key": r.Header.Get("Idempotency-Key"), "prefer": r.Header.Get("Prefer"), "authorization": r.Header.Get("Authorization"),
		})
	})
	c := client.Client{Base: api, Token: "t"}
	var plain, once map[string]string
	if err := errors.Join(c.Post(t.Context(), "/", nil, &plain), c.PostOnce(t.Context(), "/", "k", nil, &once)); err != nil {
		t.Fatal(err)
	}
	if plain["key"] != "" || plain["prefer"] != "" || plain["authorization"] != "Bearer t" {
		t.Errorf("Post sends %v, want the token alone", plain)
	}
	if once["key"] != "k" || once["prefer"] != "wait=10" {
		t.Errorf("PostOnce sends %v, want the key and Prefer: wait", once)
	}
}

func TestAwaitEventWaitsForAnEventOfTheKind(t *testing.T) {
	t.Parallel()
	api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "0" || r.Header.Get("Accept") != "text/event-stream" {
			t.Errorf("asked with %v, want a stream from its beginning", r.Header)
		}
		_, _ = io.WriteString(w, "retry: 2000\n\nid: 1\nevent: created\ndata: {}\n\nid: 2\nevent: settled\ndata: {}\n\n")
	})
	c := client.Client{Base: api}
	if err := c.AwaitEvent(t.Context(), "/v1/missions/m/events", "settled"); err != nil {
		t.Errorf("error is %v, want none: the event comes", err)
	}
	if err := c.AwaitEvent(t.Context(), "/v1/missions/m/events", "failed"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v, want one that says that the stream ended", err)
	}
}

func TestARefusedStreamIsReportedWithItsStatus(t *testing.T) {
	t.Parallel()
	api := serve(t, http.NotFound)
	err := client.Client{Base: api}.AwaitEvent(t.Context(), "/e", "settled")
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error is %v, want the status", err)
	}
}

func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
