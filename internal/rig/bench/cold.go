package bench

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/stand"
)

//go:embed hello.txt
var helloSource []byte

const (
	// coldStarts is how often each program is started in a round. The median counts.
	coldStarts = 7
	// coldTime bounds one start.
	coldTime = 30 * time.Second
	// coldPause is the wait before another attempt to connect; it bounds the error.
	coldPause = 200 * time.Microsecond
)

func cold() Experiment {
	const api, function, hello = "API", "function", "hello"
	return Experiment{
		Name: "cold",
		Rows: []Row{
			{Name: "cold_api", What: "start of the API to its first 200, against a program that only says hello", Unit: "ms",
				Value: api, Baseline: []string{hello}, Less: true, Goal: Goal{AtMost: 2}},
			{Name: "cold_function", What: "start of HoldBets to its first answered push, a bet held and published, against the same", Unit: "ms",
				Value: function, Baseline: []string{hello}, Less: true, Goal: Goal{AtMost: 2}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 1000, 1, func(c *stand.SystemConfig) { c.NoDeliveries = true })
			if err != nil {
				return nil, err
			}
			path, err := b.Stand.buildHello(ctx)
			if err != nil {
				return nil, err
			}
			holdBets := s.Functions.Program()
			holdBets.Env = append(holdBets.Env, "FUNCTION_TARGET=HoldBets")
			return []Subject{
				starting(hello, stand.Program{Name: hello, Path: path, Env: os.Environ()}, s.health),
				starting(api, s.API.Program(), s.health),
				starting(function, holdBets, s.push),
			}, nil
		},
	}
}

// buildHello builds the baseline in a module of its own.
func (s *Stand) buildHello(ctx context.Context) (path string, err error) {
	dir := filepath.Join(s.scratch.Dir, "hello")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for name, text := range map[string][]byte{"main.go": helloSource, "go.mod": []byte("module hello\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return "", err
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", "hello", ".")
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hello: %w\n%s", err, text)
	}
	return filepath.Join(dir, "hello"), nil
}

// request makes the first request to a fresh program.
type request func(address string) (*http.Request, error)

func starting(name string, program stand.Program, ask request) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		times := make([]time.Duration, coldStarts)
		for i := range times {
			var err error
			if times[i], err = coldStart(ctx, program, ask); err != nil {
				return nil, err
			}
		}
		return Figures{name: quantile(times, 0.5).Seconds() * 1000}, nil
	}}
}

// coldStart starts a program on a free port and returns the time to its first
// answer of success.
func coldStart(ctx context.Context, program stand.Program, ask request) (time.Duration, error) {
	port, err := stand.FreePort()
	if err != nil {
		return 0, err
	}
	program.Env = append(program.Env[:len(program.Env):len(program.Env)], "PORT="+strconv.Itoa(port))
	asked, err := ask("http://127.0.0.1:" + strconv.Itoa(port))
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, coldTime)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	process, err := stand.StartProcess(program)
	if err != nil {
		return 0, err
	}
	defer process.Kill()
	for {
		err := try(ctx, client, asked)
		switch {
		case err == nil:
			return time.Since(began), nil
		case !errors.Is(err, syscall.ECONNREFUSED):
			return 0, fmt.Errorf("start %s: %w", program.Name, err)
		}
		select {
		case <-process.Done():
			return 0, fmt.Errorf("%s ended while starting: %w", program.Name, process.Wait())
		case <-time.After(coldPause):
		}
	}
}

func try(ctx context.Context, client *http.Client, asked *http.Request) error {
	r := asked.Clone(ctx)
	if asked.GetBody != nil {
		var err error
		if r.Body, err = asked.GetBody(); err != nil {
			return err
		}
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, body)
	}
	return err
}

// health sends the request of the platform's startup probe.
func (s *system) health(address string) (*http.Request, error) {
	return http.NewRequest(http.MethodGet, address+"/healthz", nil)
}

// push pushes one bet, as Pub/Sub does: https://cloud.google.com/pubsub/docs/push#receive_push
func (s *system) push(address string) (*http.Request, error) {
	now := time.Now()
	placed := event.NewBetPlaced(ledger.Bet{
		ID: newID(), MissionID: s.missions[0], UserID: s.people[0].id, Amount: betAmount, LoggedAt: now, Deadline: now.Add(time.Hour),
	})
	data, err := json.Marshal(placed)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"message": map[string]any{
			"data": data, "attributes": map[string]string{event.AttributeType: string(placed.Type())}, "messageId": "1",
		},
		"subscription": "projects/" + s.Project() + "/subscriptions/holdbets",
	})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, address+"/", bytes.NewReader(body))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}
