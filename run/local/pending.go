package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// silence is how long a start may take before it says what it waits for.
const silence = 10 * time.Second

// pending are the parts of the stand that are not up yet. It names them from time to
// time: a first start compiles for a minute.
type pending struct {
	t     *terminal
	start time.Time
	end   chan struct{}

	mu    sync.Mutex
	names []string
}

func (t *terminal) pending(every time.Duration, names ...string) *pending {
	p := &pending{t: t, start: time.Now(), end: make(chan struct{}), names: names}
	go p.report(every)
	return p
}

func (p *pending) report(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.end:
			return
		case <-tick.C:
			p.mu.Lock()
			names := strings.Join(p.names, ", ")
			p.mu.Unlock()
			if names != "" {
				p.t.line("  .. %-28s %s", "waiting for "+names, p.t.paint(dim, fmt.Sprintf("%4.1f s", time.Since(p.start).Seconds())))
			}
		}
	}
}

// ready reports that a part is up.
func (p *pending) ready(name string, took time.Duration) {
	p.mu.Lock()
	p.names = slices.DeleteFunc(p.names, func(n string) bool { return n == name })
	p.mu.Unlock()
	p.t.ready(name, took)
}

// stop ends the reports.
func (p *pending) stop() { close(p.end) }
