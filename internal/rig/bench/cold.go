package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

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
				Value: api, Baseline: []string{hello}, Goal: Goal{AtMost: 2}},
			{Name: "cold_function", What: "start of HoldBets to its first answered push, a bet held and published, against the same", Unit: "ms",
				Value: function, Baseline: []string{hello}, Goal: Goal{AtMost: 2}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			s, err := startSystem(ctx, b, 1000, 1, withoutDeliveries)
			if err != nil {
				return nil, err
			}
			path, err := b.buildHello(ctx)
			if err != nil {
				return nil, err
			}
			holdBets := s.Functions.Program()
			holdBets.Env = append(holdBets.Env, "FUNCTION_TARGET=HoldBets")
			return []Subject{
				starting(hello, stand.Program{Name: hello, Path: path, Env: os.Environ()}, probe),
				starting(api, s.API.Program(), probe),
				starting(function, holdBets, func(ctx context.Context, c *rawHTTP) (int, []byte, error) {
					body, err := pushOf(newBet(s.missions[0], s.people[0]))
					if err != nil {
						return 0, nil, err
					}
					return c.call(ctx, http.MethodPost, "/", "", body)
				}),
			}, nil
		},
	}
}

// buildHello builds the baseline, in no module.
func (b *Bench) buildHello(ctx context.Context) (path string, err error) {
	if err := os.WriteFile(filepath.Join(b.dir, "hello.go"), helloSource, 0o644); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", "hello", "hello.go")
	build.Dir = b.dir
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hello: %w\n%s", err, text)
	}
	return filepath.Join(b.dir, "hello"), nil
}

// firstCall makes the first call to a fresh program.
type firstCall func(context.Context, *rawHTTP) (status int, answer []byte, err error)

// probe makes the call of the platform's startup probe.
func probe(ctx context.Context, c *rawHTTP) (status int, answer []byte, err error) {
	return c.call(ctx, http.MethodGet, "/healthz", "", nil)
}

// starting measures the time from a program's start to its first answer of success.
func starting(name string, program stand.Program, first firstCall) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		times := make([]time.Duration, coldStarts)
		for i := range times {
			var err error
			if times[i], err = coldStart(ctx, program, first); err != nil {
				return 0, fmt.Errorf("start %s: %w", name, err)
			}
		}
		return milliseconds(quantile(times, 0.5)), nil
	})
}

func coldStart(ctx context.Context, program stand.Program, first firstCall) (time.Duration, error) {
	port, err := stand.FreePort()
	if err != nil {
		return 0, err
	}
	program.Env = append(slices.Clone(program.Env), "PORT="+strconv.Itoa(port))
	client := newRawHTTP(stand.NewService(program, port, ""), 1)
	defer client.close()
	ctx, cancel := context.WithTimeout(ctx, coldTime)
	defer cancel()
	began := time.Now()
	process, err := stand.StartProcess(program)
	if err != nil {
		return 0, err
	}
	defer process.Kill()
	for {
		status, answer, err := first(ctx, client)
		switch {
		case err == nil && status/100 == 2:
			return time.Since(began), nil
		case err == nil:
			return 0, fmt.Errorf("status %d: %s", status, answer)
		case !errors.Is(err, syscall.ECONNREFUSED):
			return 0, err
		}
		select {
		case <-process.Done():
			return 0, fmt.Errorf("it ended: %w", process.Wait())
		case <-time.After(coldPause):
		}
	}
}
