package edge

import (
	"context"
	"net/http"
	"sync"
	"time"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/flow/cache"
)

// probeTime bounds one part's answer, below the probe time-out of 4 seconds
// that the service is deployed with.
const probeTime = 3 * time.Second

// Probe is one part that the API can't work without.
type Probe struct {
	Name string
	Ping func(context.Context) error
}

type healthAnswer struct {
	Body struct {
		Status string `json:"status" example:"ok"`
	}
}

func (e *Edge) serveHealth() {
	Serve(e, Operation{
		ID: "health", Method: http.MethodGet, Path: "/healthz", Tag: "Platform",
		Summary: "Is the process alive?", Description: "Asks nothing of any other part. Google answers this path itself on run.app addresses, with 404: ask `/readyz` there.",
	}, func(context.Context, *struct{}) (*healthAnswer, error) { return healthy(), nil })
	ready := cache.New(e.ready, cache.Options[*healthAnswer]{Age: readyAge, Pause: readyAge, Limit: probeTime, Now: time.Now})
	Serve(e, Operation{
		ID: "ready", Method: http.MethodGet, Path: "/readyz", Tag: "Platform",
		Summary: "Can it do its work?", Description: "503 names each part that does not answer, under `errors`.",
	}, func(ctx context.Context, _ *struct{}) (*healthAnswer, error) { return ready.Get(ctx) })
}

// readyAge is how old an answer may be. Anybody may ask, as often as they like, and the
// parts are asked once a second at most, one question at a time.
const readyAge = time.Second

func healthy() *healthAnswer {
	out := &healthAnswer{}
	out.Body.Status = "ok"
	return out
}

// ready asks all parts at once.
func (e *Edge) ready(ctx context.Context) (*healthAnswer, error) {
	failures := make([]error, len(e.options.Probes))
	var all sync.WaitGroup
	for i, probe := range e.options.Probes {
		all.Go(func() { failures[i] = probe.Ping(ctx) })
	}
	all.Wait()
	p := newProblem(fault.Unavailable.Because("A part does not answer.").After(RetryLater))
	for i, err := range failures {
		if err != nil {
			e.log.WarnContext(ctx, "not ready", "part", e.options.Probes[i].Name, "error", err)
			p.field(e.options.Probes[i].Name, "does not answer")
		}
	}
	if len(p.Errors) > 0 {
		return nil, p
	}
	return healthy(), nil
}
