package chaos

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// serving makes clients for an API that gives these answers, one after the other, and then repeats
// the last. keys returns the keys it received.
func serving(t *testing.T, statuses ...int) (c *clients, keys func() []string) {
	t.Helper()
	var mu sync.Mutex
	var sent []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		status := statuses[min(len(sent), len(statuses)-1)]
		sent = append(sent, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"code": "some_code"}`)
	}))
	t.Cleanup(api.Close)
	return newClients([]string{api.URL}, nil, nil, 4), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return sent
	}
}

func TestAClientRetriesWithTheSameKeyUntilTheAnswerIsClear(t *testing.T) {
	t.Parallel()
	c, keys := serving(t, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusAccepted)
	a, unclear, err := c.insist(t.Context(), call{method: http.MethodPost, path: "/", user: nobody, key: "k"})
	if err != nil || !a.ok() || !unclear {
		t.Errorf("got %d, unclear %v, %v; want 202 after answers that were not clear", a.status, unclear, err)
	}
	for _, key := range keys() {
		if key != "k" {
			t.Errorf("asked with the key %q, want k each time", key)
		}
	}
	if len(keys()) != 4 {
		t.Errorf("asked %d times, want 4", len(keys()))
	}
}

func TestAClientAcceptsAClearRefusal(t *testing.T) {
	t.Parallel()
	c, keys := serving(t, http.StatusConflict)
	a, unclear, err := c.insist(t.Context(), call{method: http.MethodPost, path: "/", user: nobody})
	if err != nil || unclear || a.code() != "some_code" || len(keys()) != 1 {
		t.Errorf("got %q, unclear %v, %v after %d calls; want the first answer's code", a.code(), unclear, err, len(keys()))
	}
}

func TestAClientReportsThatItGotNoAnswer(t *testing.T) {
	t.Parallel()
	c, _ := serving(t, http.StatusBadGateway)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, _, err := c.insist(ctx, call{method: http.MethodGet, path: "/", user: nobody}); !errors.Is(err, errNoAnswer) {
		t.Errorf("got %v, want errNoAnswer", err)
	}
}
