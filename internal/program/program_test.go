package program_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"example.com/missionpot/internal/program"
)

// TestMain is also the program that the tests run.
func TestMain(m *testing.M) {
	if os.Getenv("PLAY") == "" {
		os.Exit(m.Run())
	}
	program.Main("play", func(ctx context.Context, _ []string) error {
		switch os.Getenv("PLAY") {
		case "fail":
			return errors.New("no luck")
		case "help":
			return flag.ErrHelp
		case "wait":
			_, _ = io.WriteString(os.Stdout, "ready")
			<-ctx.Done()
		}
		return nil
	})
}

func play(t *testing.T, what string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "PLAY="+what)
	return cmd
}

func TestAnErrorIsPrintedAndIsTheStatus(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]struct {
		status int
		stderr string
	}{"fail": {1, "play: no luck\n"}, "help": {0, ""}, "finish": {0, ""}} {
		cmd := play(t, what)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		_ = cmd.Run() // the status says what came of it
		if got := cmd.ProcessState.ExitCode(); got != want.status || stderr.String() != want.stderr {
			t.Errorf("%s: status %d and %q, want %d and %q", what, got, stderr.String(), want.status, want.stderr)
		}
	}
}

func TestASignalEndsTheContext(t *testing.T) {
	t.Parallel()
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup the program ignores it as well
		signals = append(signals, syscall.SIGHUP)
	}
	for _, signal := range signals {
		cmd := play(t, "wait")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after %v: %v, want the status 0", signal, err)
		}
	}
}
