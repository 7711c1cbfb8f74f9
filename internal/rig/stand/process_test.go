package stand_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// A shell that starts a child in the background, writes both process ids and waits.
const parentAndChild = `sleep 600 & echo $$ $! > pids.new; mv pids.new pids; wait`

func TestAKillEndsTheProcessAndAllItStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startShell(t, dir, parentAndChild)
	pids := readPIDs(t, filepath.Join(dir, "pids"))
	p.Kill()
	expectGone(t, pids...)
}

func TestWhatAnEndedProcessLeavesBehindIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startShell(t, dir, `sleep 600 & echo $$ $! > pids.new; mv pids.new pids; exit 3`)
	var exit *exec.ExitError
	if err := p.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("wait = %v, want exit status 3", err)
	}
	expectGone(t, readPIDs(t, filepath.Join(dir, "pids"))...)
}

func TestAProcessThatIgnoresTheSignalIsKilledWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startShell(t, dir, `trap '' TERM; echo $$ $$ > pids; while :; do sleep 600; done`)
	pids := readPIDs(t, filepath.Join(dir, "pids"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stop = %v, want an error that says that the time was up", err)
	}
	expectGone(t, pids...)
}

func TestAStopLetsTheProcessEndItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startShell(t, dir, `trap 'echo tidy > end; exit 0' TERM; echo $$ $$ > pids; while :; do sleep 0.05; done`)
	readPIDs(t, filepath.Join(dir, "pids"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "end")); err != nil {
		t.Errorf("the process did not get to tidy up: %v", err)
	}
	// The second stop of an ended process is harmless.
	if err := p.Stop(ctx); err != nil {
		t.Errorf("second stop: %v", err)
	}
}

// This test binary starts itself as the parent, which starts the child and is killed.
func TestNothingOutlivesAKilledParent(t *testing.T) {
	if dir := os.Getenv("LAB_TEST_PARENT_DIR"); dir != "" {
		startShell(t, dir, parentAndChild)
		select {} // until killed
	}
	t.Parallel()
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], "-test.run=^TestNothingOutlivesAKilledParent$")
	parent.Env = append(os.Environ(), "LAB_TEST_PARENT_DIR="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pids := readPIDs(t, filepath.Join(dir, "pids"))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // "signal: killed"
	expectGone(t, pids[0])
	_ = syscall.Kill(pids[1], syscall.SIGKILL) // only servers' own children could be left; sleep is ours
}

func startShell(t *testing.T, dir, script string) *stand.Process {
	t.Helper()
	p, err := stand.StartProcess(stand.Program{Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}, Dir: dir})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(p.Kill)
	return p
}

func readPIDs(t *testing.T, file string) []int {
	t.Helper()
	var pids []int
	eventually(t, "the process ids", func() bool {
		text, err := os.ReadFile(file)
		fields := strings.Fields(string(text))
		if err != nil || len(fields) != 2 {
			return false
		}
		pids = nil
		for _, field := range fields {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			pids = append(pids, pid)
		}
		return true
	})
	return pids
}

func expectGone(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		eventually(t, "the end of process "+strconv.Itoa(pid), func() bool { return !running(pid) })
	}
}

// running distinguishes a live process from an ended one that was not waited for yet.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, ok := strings.Cut(string(stat), ") ")
	return ok && !strings.HasPrefix(state, "Z")
}

// eventually polls until done is true, at most half a minute.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("waited 30 s in vain for %s", what)
		case <-tick.C:
		}
	}
}
