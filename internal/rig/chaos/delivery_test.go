package chaos

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// pushed sends one push through deliveries in trouble. It returns the status and how often the
// function saw the push.
func pushed(t *testing.T, ctx context.Context, in trouble, sees int32) (status int, err error) {
	t.Helper()
	var seen atomic.Int32
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		seen.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(function.Close)
	d := newDeliveries(1)
	pump := http.Client{Transport: d.through(function.Client().Transport)}
	d.to(hostOf(function.URL))
	d.suffer(in)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:1/Function", bytes.NewReader([]byte(pushOfOne)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := pump.Do(req)
	if err == nil {
		status = resp.StatusCode
		_ = resp.Body.Close()
	}
	for end := time.Now().Add(2 * longestRepeat); seen.Load() != sees && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if seen.Load() != sees {
		t.Errorf("the function saw the push %d times, want %d", seen.Load(), sees)
	}
	return status, err
}

func TestAPushWithoutTroubleIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	if status, err := pushed(t, t.Context(), trouble{}, 1); err != nil || status != http.StatusNoContent {
		t.Errorf("got %d, %v, want the function's own answer", status, err)
	}
}

func TestARepeatedPushIsDeliveredTwice(t *testing.T) {
	t.Parallel()
	if status, err := pushed(t, t.Context(), trouble{repeat: 1}, 2); err != nil || status != http.StatusNoContent {
		t.Errorf("got %d, %v, want the function's own answer", status, err)
	}
}

func TestARefusedPushNeverReachesTheFunction(t *testing.T) {
	t.Parallel()
	if status, err := pushed(t, t.Context(), trouble{refuse: 1}, 0); err != nil || status != http.StatusInternalServerError {
		t.Errorf("got %d, %v, want 500", status, err)
	}
}

func TestAPushWhoseAnswerIsLostReachesTheFunction(t *testing.T) {
	t.Parallel()
	if status, err := pushed(t, t.Context(), trouble{lose: 1}, 1); err != nil || status != http.StatusInternalServerError {
		t.Errorf("got %d, %v, want 500", status, err)
	}
}

func TestAPushThatHangsEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if status, err := pushed(t, ctx, trouble{hang: 1}, 0); !errors.Is(err, errHung) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %d, %v, want no answer", status, err)
	}
}
