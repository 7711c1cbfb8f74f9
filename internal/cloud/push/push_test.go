package push_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
)

// post pushes a body at a step and returns the status Pub/Sub would see.
func post(t *testing.T, step push.Step, method, body string) int {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	push.Handler(step, time.Second)(w, r)
	return w.Code
}

func envelope(t *testing.T, kind event.Type, payload string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"message": map[string]any{
			"data": base64.StdEncoding.EncodeToString([]byte(payload)), "messageId": "7",
			"attributes": map[string]string{event.AttributeType: string(kind)},
		},
		"subscription": "projects/p/subscriptions/s", "deliveryAttempt": 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRule13AMessageIsAckedOnlyWhenTheStepSaysSo(t *testing.T) {
	t.Parallel()
	tick := envelope(t, event.TypeTick, `{"at":"2026-11-01T00:00:00Z"}`)
	good := func(context.Context, event.Event) error { return nil }
	bad := func(context.Context, event.Event) error { return errors.New("100% broken %s %d") }
	slow := func(ctx context.Context, _ event.Event) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		step push.Step
		want int
	}{
		"done": {good, http.StatusNoContent}, "failed": {bad, http.StatusInternalServerError}, "timed out": {slow, http.StatusInternalServerError},
	} {
		if got := post(t, c.step, http.MethodPost, tick); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestAMalformedPushGets400AndNeverReachesTheStep(t *testing.T) {
	t.Parallel()
	step := func(_ context.Context, e event.Event) error {
		t.Errorf("the step got %T", e)
		return nil
	}
	for name, body := range map[string]string{
		"empty":          ``,
		"not JSON":       `{`,
		"no message":     `{"subscription":"s"}`,
		"no message id":  `{"message":{"data":""}}`,
		"bad base64":     `{"message":{"messageId":"1","data":"%%%"}}`,
		"unknown type":   envelope(t, "nonsense", `{}`),
		"no type":        envelope(t, "", `{}`),
		"unknown field":  envelope(t, event.TypeTick, `{"at":"2026-11-01T00:00:00Z","x":1}`),
		"missing fact":   envelope(t, event.TypePotChanged, `{}`),
		"trailing data":  envelope(t, event.TypeTick, `{"at":"2026-11-01T00:00:00Z"}{}`),
		"negative pot":   envelope(t, event.TypePotChanged, `{"mission_id":"01930000-0000-7000-8000-000000000000","pot":-1}`),
		"fractional":     envelope(t, event.TypePotChanged, `{"mission_id":"01930000-0000-7000-8000-000000000000","pot":1.5}`),
		"bad settlement": envelope(t, event.TypeMissionSettled, `{"mission_id":"01930000-0000-7000-8000-000000000000","ending":"failed","pot":5,"refunded":4}`),
		"far too long":   `{"message":{"messageId":"1","data":"` + strings.Repeat("A", push.MaxBody) + `"}}`,
	} {
		if got := post(t, step, http.MethodPost, body); got != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", name, got)
		}
	}
	if got := post(t, step, http.MethodGet, ""); got != http.StatusBadRequest {
		t.Errorf("a GET: got %d, want 400", got)
	}
}

// Otherwise a page in the browser of the user who runs the stand could forge a push.
func TestAPushFromAWebPageNeverReachesTheStep(t *testing.T) {
	t.Parallel()
	tick := envelope(t, event.TypeTick, `{"at":"2026-11-01T00:00:00Z"}`)
	for name, c := range map[string]struct {
		headers map[string]string
		want    int
	}{
		"of Pub/Sub":               {map[string]string{"Content-Type": "application/json"}, http.StatusNoContent},
		"of Pub/Sub, with charset": {map[string]string{"Content-Type": "application/json; charset=utf-8"}, http.StatusNoContent},
		"a form":                   {map[string]string{"Content-Type": "text/plain"}, http.StatusBadRequest},
		"of another origin":        {map[string]string{"Origin": "https://evil.example"}, http.StatusBadRequest},
		"of no origin":             {map[string]string{"Origin": "null", "Content-Type": "application/json"}, http.StatusBadRequest},
		"by a browser":             {map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusBadRequest},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tick))
		for header, value := range c.headers {
			r.Header.Set(header, value)
		}
		push.Handler(func(context.Context, event.Event) error { return nil }, time.Second)(w, r)
		if w.Code != c.want {
			t.Errorf("a push %s is answered %d, want %d", name, w.Code, c.want)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add(`{"message":{"messageId":"1","data":"e30=","attributes":{"type":"tick"}}}`)
	f.Add(`{"message":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		push.Handler(func(context.Context, event.Event) error { return nil }, time.Second)(w, r)
		if w.Code != http.StatusNoContent && w.Code != http.StatusBadRequest {
			t.Errorf("got %d, want 204 or 400", w.Code)
		}
	})
}
