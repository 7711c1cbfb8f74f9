package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/client"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
)

// patience is how long the figures may take to show what happened. Usually it is a second or two:
// the periods of the scrapes and of the gauges.
const patience = 35 * time.Second

func TestEveryDashboardAndAlertFindsItsDataInARunningSystem(t *testing.T) {
	t.Parallel()
	binary, err := stand.FindPrometheus()
	if err != nil {
		t.Fatal(err)
	}
	spans := newSpanCollector(t)
	system := standtest.System(t, func(c *stand.SystemConfig) {
		c.Measured = true
		c.APIEnv, c.FunctionsEnv = spans.env(), spans.env()
	})
	server, err := stand.StartPrometheus(t.Context(), stand.PrometheusConfig{Binary: binary, Dir: t.TempDir(), Targets: system.Scraped()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	p := prometheus{server.URL()}
	live(t, system)
	// A rate only shows changes between two scrapes, so what happened before the first one must
	// happen again.
	eventually(t, func(ctx context.Context) error { return p.data(ctx, `missionpot_settlement_lag_seconds_count`) })
	live(t, system)
	drawn, watched := dashboardQueries(t), alertQueries(t)
	eventually(t, func(ctx context.Context) error {
		var missing []error
		for _, q := range drawn {
			if err := p.drawn(ctx, q.promQL); err != nil {
				missing = append(missing, fmt.Errorf("dashboard %s: %w", q.where, err))
			}
		}
		for _, q := range watched {
			if err := p.watched(ctx, q.promQL); err != nil {
				missing = append(missing, fmt.Errorf("alert %s: %w", q.where, err))
			}
		}
		return errors.Join(missing...)
	})
	t.Run("AWonThatWasMadeRaisesTheAlarm", func(t *testing.T) {
		quiet(t, p, watched, "books-drift")
		execute(t, system.UsersDSN(), `UPDATE wallets SET cash = cash + 1 WHERE user_id = (SELECT user_id FROM wallets LIMIT 1)`)
		fires(t, p, watched, "books-drift")
	})
	t.Run("AMessageThatWasGivenUpRaisesTheAlarm", func(t *testing.T) { fires(t, p, watched, "dead-letters") })
	t.Run("OneTraceShowsABetsWholePath", func(t *testing.T) {
		eventually(t, func(context.Context) error {
			return spans.inOneTrace("POST /v1/missions/{id}/bets", "process holdbets-bets", "SELECT", "process growpot-pots")
		})
	})
	t.Run("OneTraceShowsAVerdictsWholePath", func(t *testing.T) {
		eventually(t, func(context.Context) error {
			return spans.inOneTrace("POST /v1/missions/{id}/success", "process settlemission-verdicts", "process closemission-settlements", "process sendmail-settlements")
		})
	})
	t.Run("NothingElseDoes", func(t *testing.T) {
		for _, alert := range []string{"no-progress", "settlement-lag", "undecided-bets", "connection-use"} {
			quiet(t, p, watched, alert)
		}
	})
}

// live plays what the dashboards show: missions of both endings, a declined bet, refusals, a
// watcher, a message that no step can handle.
func live(t *testing.T, system *stand.System) {
	t.Helper()
	ctx := t.Context()
	api := system.API.URL()
	viewer, streamer := signUp(t, api, "viewer", false), signUp(t, api, "streamer", true)
	must(t, viewer.PostOnce(ctx, "/v1/users/me/charges", uuid.NewString(), map[string]any{"amount": 10_000}, nil))
	for _, verdict := range []string{"success", "fail", ""} {
		mission := propose(t, viewer, streamer)
		body := map[string]any{"amount": 1000}
		must(t, viewer.PostOnce(ctx, "/v1/missions/"+mission+"/bets", uuid.NewString(), body, nil))
		if verdict == "" {
			watch(t, api+"/v1/missions/"+mission+"/events")
			continue
		}
		must(t, streamer.Post(ctx, "/v1/missions/"+mission+"/"+verdict, nil, nil))
	}
	// The last of two bets at once that one wallet can't cover is declined by the ledger.
	declined(t, viewer, streamer)
	if err := viewer.Get(ctx, "/v1/missions/"+uuid.NewString(), nil); err == nil {
		t.Fatal("found a mission that does not exist")
	}
	// Pub/Sub pushes a message to a step that can't decode it, and then to keepdeadletter.
	push(t, system, "HoldBets", "holdbets-bets", http.StatusBadRequest)
	push(t, system, "KeepDeadLetter", "holdbets-dead-keep", http.StatusNoContent)
}

func signUp(t *testing.T, api, name string, streamer bool) *client.Person {
	t.Helper()
	p, err := client.SignUp(t.Context(), api, name, name+"-"+uuid.NewString()[:8]+"@people.example", streamer)
	must(t, err)
	return p
}

func propose(t *testing.T, viewer, streamer *client.Person) string {
	t.Helper()
	var mission struct{ ID, Status string }
	must(t, viewer.PostOnce(t.Context(), "/v1/missions", uuid.NewString(), map[string]any{
		"streamer_id": streamer.ID, "title": "No hit", "stake": 500, "time_limit_seconds": 3600,
	}, &mission))
	if mission.Status != "active" {
		t.Fatalf("the mission is %s, want active", mission.Status)
	}
	return mission.ID
}

// declined races bets that the wallet covers one by one and not together.
func declined(t *testing.T, viewer, streamer *client.Person) {
	t.Helper()
	poor := signUp(t, viewer.Base, "poor", false)
	must(t, poor.PostOnce(t.Context(), "/v1/users/me/charges", uuid.NewString(), map[string]any{"amount": 1000}, nil))
	mission := propose(t, viewer, streamer)
	statuses := make(chan string)
	const bets = 8
	for range bets {
		go func() {
			var bet struct{ Status string }
			err := poor.PostOnce(context.WithoutCancel(t.Context()), "/v1/missions/"+mission+"/bets", uuid.NewString(), map[string]any{"amount": 1000}, &bet)
			if err != nil {
				bet.Status = err.Error()
			}
			statuses <- bet.Status
		}()
	}
	var all []string
	for range bets {
		all = append(all, <-statuses)
	}
	if !slices.Contains(all, "declined") {
		t.Fatalf("of bets at once on one wallet none was declined: %q", all)
	}
}

// watch opens an event stream until the test ends.
func watch(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the stream answers %s", resp.Status)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
}

// push posts a message that nobody can decode, in the envelope of a push.
func push(t *testing.T, system *stand.System, function, subscription string, want int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"subscription": "projects/" + system.Project() + "/subscriptions/" + subscription,
		"message": map[string]any{
			"messageId": "1", "publishTime": time.Now().UTC(), "data": []byte("?"), "attributes": map[string]string{"type": "riddle"},
		},
	})
	must(t, err)
	resp, err := http.Post(system.FunctionURL(function), "application/json", bytes.NewReader(body))
	must(t, err)
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
		t.Fatalf("%s answers %d %s, want %d", function, resp.StatusCode, text, want)
	}
}

// fires waits until some condition of an alert gives data.
func fires(t *testing.T, p prometheus, watched []query, alert string) {
	t.Helper()
	eventually(t, func(ctx context.Context) error {
		firing, err := p.firing(ctx, watched, alert)
		if err == nil && len(firing) == 0 {
			err = fmt.Errorf("the alert %s does not fire", alert)
		}
		return err
	})
}

// quiet expects that no condition of an alert gives data.
func quiet(t *testing.T, p prometheus, watched []query, alert string) {
	t.Helper()
	if firing, err := p.firing(t.Context(), watched, alert); err != nil || len(firing) > 0 {
		t.Errorf("the alert %s fires, or fails: %v %v", alert, firing, err)
	}
}

func (p prometheus) firing(ctx context.Context, watched []query, alert string) (where []string, err error) {
	for _, q := range watched {
		if !strings.HasPrefix(q.where, alert+": ") {
			continue
		}
		samples, err := p.ask(ctx, q.promQL)
		if err != nil {
			return nil, err
		}
		if len(samples) > 0 {
			where = append(where, q.where)
		}
	}
	return where, nil
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	_, err = conn.Exec(t.Context(), sql)
	must(t, errors.Join(err, conn.Close(t.Context())))
}

// eventually calls check until it returns no error.
func eventually(t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	last := errors.New("never checked")
	for {
		// The error of the time-out says nothing; the last one before it does.
		if err := check(ctx); err == nil {
			return
		} else if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited %v:\n%v", patience, last)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
