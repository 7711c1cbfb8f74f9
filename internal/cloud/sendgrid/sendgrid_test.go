package sendgrid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/cloud/sendgrid"
	"example.com/missionpot/internal/core/mailtext"
)

const address = "bora@example.com"

var words = mailtext.Mail{
	To: address, Kind: mailtext.MissionResult,
	IDs:     map[string]string{"mission_id": "01990000-0000-7000-8000-000000000001", "user_id": "01990000-0000-7000-8000-000000000002"},
	Subject: "미션 성공", Text: "안녕", HTML: "<p>안녕</p>",
}

func sender(t *testing.T, answer http.HandlerFunc) *sendgrid.SendGrid {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	s, err := sendgrid.New("SG.key", server.URL, "미션팟 <pot@example.com>", 2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAMailGoesToOnePersonInSendGridsFormat(t *testing.T) {
	t.Parallel()
	var got map[string]any
	var call string
	s := sender(t, func(w http.ResponseWriter, r *http.Request) {
		call = fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"))
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Errorf("the body is not JSON: %v", err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	if err := s.Send(t.Context(), words); err != nil {
		t.Fatal(err)
	}
	if want := "POST /v3/mail/send Bearer SG.key application/json"; call != want {
		t.Errorf("the call was %q, want %q", call, want)
	}
	want := map[string]any{
		"from":    map[string]any{"name": "미션팟", "email": "pot@example.com"},
		"subject": "미션 성공",
		"personalizations": []any{map[string]any{
			"to":          []any{map[string]any{"email": address}},
			"custom_args": map[string]any{"mission_id": "01990000-0000-7000-8000-000000000001", "user_id": "01990000-0000-7000-8000-000000000002"},
		}},
		"content": []any{
			map[string]any{"type": "text/plain", "value": "안녕"},
			map[string]any{"type": "text/html", "value": "<p>안녕</p>"},
		},
		"categories": []any{"mission-result"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestARefusedMailDiffersFromATemporaryError(t *testing.T) {
	t.Parallel()
	for status, refused := range map[int]bool{
		400: true, 404: true, 413: true,
		401: false, 403: false, 408: false, 429: false, 500: false, 503: false,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			s := sender(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"errors":[{"message":"%s is bad","field":"personalizations.0.to"}]}`, address)
			})
			err := s.Send(t.Context(), words)
			if err == nil {
				t.Fatal("the mail counts as sent")
			}
			if errors.Is(err, mailtext.ErrRefused) != refused {
				t.Errorf("error is %v, want refused = %v", err, refused)
			}
			if strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "personalizations.0.to") {
				t.Errorf("error is %q, want the field and not the address", err)
			}
		})
	}
}

func TestACallToASilentServiceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s := sender(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := s.Send(ctx, words)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, mailtext.ErrRefused) {
		t.Errorf("error is %v, want the deadline and no refusal", err)
	}
}

func TestAWrongSenderOrHostIsFoundAtTheStart(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct{ host, from string }{
		{"https://api.sendgrid.com", "no address"},
		{"api.sendgrid.com", "pot@example.com"},
		{"ftp://api.sendgrid.com", "pot@example.com"},
		{"", "pot@example.com"},
	} {
		if _, err := sendgrid.New("SG.key", wrong.host, wrong.from, 1); err == nil {
			t.Errorf("host %q and sender %q were accepted", wrong.host, wrong.from)
		}
	}
}

func TestAMailDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(other.Close)
	s := sender(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if err := s.Send(t.Context(), words); err == nil {
		t.Error("a redirect counts as sent")
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d mails followed the redirect, want none", n)
	}
}
