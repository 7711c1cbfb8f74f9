package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// pollPause is the pause between two polls of a mission.
const pollPause = 400 * time.Millisecond

// driver carries out a plan and records the answers in the model.
type driver struct {
	*clients
	model    *Model
	scenario Scenario
	all      sync.WaitGroup

	mu    sync.Mutex
	wave  int
	stuck []string // clients that never got a clear answer
}

// drive starts every wave at its time and returns when the last has started. Call wait to wait for
// the clients.
func (d *driver) drive(ctx context.Context) {
	began := time.Now()
	for wave := range d.scenario.Waves {
		at := began.Add(time.Duration(wave) * d.scenario.Drive / time.Duration(d.scenario.Waves))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(at)):
		}
		d.mu.Lock()
		d.wave = wave + 1
		d.mu.Unlock()
		d.start(ctx, wave)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(began.Add(d.scenario.Drive))):
	}
}

// wait waits until every client has its answer, or ctx ends. It returns the clients without an
// answer.
func (d *driver) wait(ctx context.Context) []string {
	done := make(chan struct{})
	go func() {
		d.all.Wait()
		close(done)
	}()
	<-done // each client ends with ctx
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stuck
}

func (d *driver) giveUp(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stuck = append(d.stuck, err.Error())
}

// start starts the clients of a wave, all at once.
func (d *driver) start(ctx context.Context, wave int) {
	for _, m := range d.model.Missions {
		if m.First == wave {
			d.all.Go(func() { d.make(ctx, m) })
		}
		if m.Last == wave && verdictOf(m.Fate) != "" {
			d.all.Go(func() { d.judge(ctx, m, verdictOf(m.Fate)) })
		}
	}
	for i := range d.model.Bets {
		if b := &d.model.Bets[i]; b.Wave == wave {
			d.all.Go(func() { d.bet(ctx, b) })
		}
	}
	for i := range d.model.Charges {
		if c := &d.model.Charges[i]; c.Wave == wave {
			d.all.Go(func() { d.charge(ctx, c) })
		}
	}
}

// make creates a mission, waits until its stake is decided, and answers the proposal if the
// streamer wants one.
func (d *driver) make(ctx context.Context, m *MissionFacts) {
	defer close(m.Opened)
	a, _, err := d.insist(ctx, call{
		method: http.MethodPost, path: "/v1/missions", user: m.Creator, key: uuid.NewString(), body: map[string]any{
			"streamer_id": d.model.Plan.Accounts[m.Streamer].ID, "title": string("It " + m.Fate), "stake": m.Stake, "time_limit_seconds": m.TimeLimit,
		},
	})
	switch {
	case err != nil:
		d.giveUp(fmt.Errorf("make a mission: %w", err))
		return
	case !a.ok():
		m.Refused = a.code()
		return
	}
	m.Acked = true
	if m.ID, err = idOf(a); err != nil {
		d.giveUp(err)
		return
	}
	m.Status = d.await(ctx, m, "funding")
	if m.Status != "proposed" || m.Fate == Ignored {
		return
	}
	action := "accept"
	switch m.Fate {
	case Rejected:
		action = "reject"
	case Withdrawn:
		action = "withdraw"
	}
	d.act(ctx, m, action)
	m.Status = d.await(ctx, m, "proposed")
}

// await polls a mission until it has left a state.
func (d *driver) await(ctx context.Context, m *MissionFacts, state string) string {
	for {
		a, _, err := d.insist(ctx, call{method: http.MethodGet, path: "/v1/missions/" + m.ID.String(), user: nobody})
		if err != nil {
			d.giveUp(fmt.Errorf("mission %s stays %s: %w", m.ID, state, err))
			return state
		}
		var seen struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal(a.body, &seen); err == nil && a.ok() && seen.Status != state {
			return seen.Status
		}
		select {
		case <-ctx.Done():
			d.giveUp(fmt.Errorf("mission %s is still %s", m.ID, state))
			return state
		case <-time.After(pollPause):
		}
	}
}

// act lets the streamer, or the creator who withdraws, act on a mission. A refusal after an attempt without an answer may mean
// that this attempt succeeded.
func (d *driver) act(ctx context.Context, m *MissionFacts, action string) {
	m.Judged = append(m.Judged, action)
	user := m.Streamer
	if action == "withdraw" {
		user = m.Creator
	}
	a, _, err := d.insist(ctx, call{method: http.MethodPost, path: "/v1/missions/" + m.ID.String() + "/" + action, user: user})
	switch {
	case err != nil:
		d.giveUp(fmt.Errorf("%s mission %s: %w", action, m.ID, err))
	case a.ok():
		m.Verdict = action
	}
}

// judge gives the verdict in the middle of the mission's last wave, while bets arrive.
func (d *driver) judge(ctx context.Context, m *MissionFacts, action string) {
	judged := opened(ctx, m) && m.Status == "active" && pause(ctx, 1500*time.Millisecond)
	close(m.Judging)
	if judged {
		d.act(ctx, m, action)
	}
}

// pause waits for a random time below a limit, and reports whether the run goes on.
func pause(ctx context.Context, limit time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(rand.N(limit)):
		return true
	}
}

func verdictOf(f Fate) string {
	switch f {
	case Succeeds, Rivals:
		return "success"
	case Fails:
		return "fail"
	}
	return ""
}

// opened waits for the result of a mission's funding, and reports whether the mission exists.
func opened(ctx context.Context, m *MissionFacts) bool {
	select {
	case <-m.Opened:
		return m.Acked
	case <-ctx.Done():
		return false
	}
}

func (d *driver) charge(ctx context.Context, c *ChargeFacts) {
	a, _, err := d.insist(ctx, call{
		method: http.MethodPost, path: "/v1/users/me/charges", user: c.User, key: uuid.NewString(), body: map[string]any{"amount": c.Amount},
	})
	switch {
	case err != nil:
		d.giveUp(fmt.Errorf("charge: %w", err))
	case !a.ok():
		c.Refused = a.code()
	default:
		c.Acked = true
		if c.ID, err = idOf(a); err != nil {
			d.giveUp(err)
		}
	}
}
