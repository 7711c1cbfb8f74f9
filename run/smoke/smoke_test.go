package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/standtest"
)

func TestPlaysOneMissionAfterAnotherOnARunningSystem(t *testing.T) {
	t.Parallel()
	system := standtest.System(t)
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	output := &listener{after: 2, enough: enough}
	err := smoke(ctx, output, options{
		api: system.API.URL(), live: system.API.URL(), mailDomain: "missionpot.example",
		duration: time.Hour, patience: time.Minute, pause: time.Millisecond,
	})
	if !errors.Is(err, context.Canceled) || output.settled < 2 {
		t.Errorf("smoke: %v after %d missions, want it at the next after 2:\n%s", err, output.settled, &output.Buffer)
	}
}

func TestOneMissionIsEnoughWhenNoTimeIsGiven(t *testing.T) {
	t.Parallel()
	system := standtest.System(t)
	output := &listener{after: 2, enough: func() { t.Error("a second mission is played, want one") }}
	err := smoke(t.Context(), output, options{
		api: system.API.URL(), mailDomain: "missionpot.example", patience: time.Minute, pause: time.Millisecond,
	})
	if err != nil || output.settled != 1 {
		t.Errorf("smoke: %v after %d missions, want one:\n%s", err, output.settled, &output.Buffer)
	}
}

// listener calls enough after so many settled missions were printed.
type listener struct {
	bytes.Buffer
	settled, after int
	enough         func()
}

func (l *listener) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "settled, books right") {
		if l.settled++; l.settled == l.after {
			l.enough()
		}
	}
	return l.Buffer.Write(line)
}

// A revision that answers everything but no longer settles missions must not pass.
func TestFailsWhenNothingIsSettled(t *testing.T) {
	t.Parallel()
	system := standtest.System(t)
	behind, err := url.Parse(system.API.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/success") {
			w.WriteHeader(http.StatusOK) // answers 200, and does nothing
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer broken.Close()
	err = smoke(t.Context(), &bytes.Buffer{}, options{
		api: broken.URL, mailDomain: "missionpot.example", patience: 5 * time.Second,
	})
	if err == nil || !strings.Contains(err.Error(), "no sign of the settlement in time") {
		t.Errorf("smoke: %v, want the time-out of the settlement", err)
	}
}

func TestReportsTheFailedCallAtAnAddressThatIsNotTheAPI(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	err := smoke(t.Context(), &bytes.Buffer{}, options{api: other.URL, patience: time.Second})
	if err == nil || !strings.Contains(err.Error(), "sign up: POST /v1/users: 404") {
		t.Errorf("smoke: %v, want the failed call", err)
	}
}

func TestAddressesAreAcceptedWithAndWithoutASlash(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-api", "https://a.example/", "-live", "https://b.example"})
	if err != nil || o.api != "https://a.example" || o.live != "https://b.example" {
		t.Errorf("parsed %+v, %v", o, err)
	}
	if _, err := parse(nil); err == nil {
		t.Error("no address is accepted, want a refusal")
	}
}
