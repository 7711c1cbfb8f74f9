package standtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/migrations"
)

// tick is the period of a test's system: sweeps should not be what a test waits for.
const tick = 250 * time.Millisecond

// buildTimeout is enough for a first build, with nothing in the cache, on two cores.
const buildTimeout = 5 * time.Minute

// System starts the whole of Missionpot for one test: the API and the functions as
// processes of their own on free ports, on databases and projects of the test's own,
// with pushes, ticks and a mailbox. Each change may adjust the configuration first.
// Everything is stopped when the test ends; if it failed, the programs' logs are shown.
func System(t testing.TB, changes ...func(*stand.SystemConfig)) *stand.System {
	t.Helper()
	logDir := t.TempDir()
	system, stop, err := Open(t.Context(), logDir, changes...)
	if err != nil {
		showLogs(t, logDir)
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			showLogs(t, logDir)
		}
	})
	return system
}

const talkative = "LOG_LEVEL=debug"

// Open is System for tests that share one, and for TestMain, which has no test to
// hang it on. The programs log into logDir. stop ends everything and drops the databases.
func Open(ctx context.Context, logDir string, changes ...func(*stand.SystemConfig)) (system *stand.System, stop func() error, err error) {
	var undo []func() error
	undoAll := func() error {
		var errs []error
		for _, f := range slices.Backward(undo) {
			errs = append(errs, f())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start a system: %w", err), undoAll())
		}
	}()
	// All that can be logged is, for the tests that search the logs for what must not
	// be there.
	cfg := stand.SystemConfig{LogDir: logDir, Project: projectID(), Tick: tick, APIEnv: []string{talkative}, FunctionsEnv: []string{talkative}}
	if cfg.Binaries, err = binaries(); err != nil {
		return nil, nil, err
	}
	for env, value := range map[string]*string{stand.EnvFirestoreHost: &cfg.FirestoreHost, stand.EnvPubSubHost: &cfg.PubSubHost} {
		if *value, err = lookup(env); err != nil {
			return nil, nil, err
		}
	}
	var drop func() error
	if cfg.UsersDSN, drop, err = clone(ctx, stand.EnvUsersDSN, migrations.Users, "system"); err != nil {
		return nil, nil, err
	}
	undo = append(undo, drop)
	if cfg.MissionsDSN, drop, err = clone(ctx, stand.EnvMissionsDSN, migrations.Missions, "system"); err != nil {
		return nil, nil, err
	}
	undo = append(undo, drop)
	for _, change := range changes {
		change(&cfg)
	}
	if system, err = stand.StartSystem(ctx, cfg); err != nil {
		return nil, nil, err
	}
	undo = append(undo, system.Stop)
	return system, undoAll, nil
}

// binaries are the programs, built once for all tests of a run.
func binaries() (stand.Binaries, error) {
	if _, err := lookup(stand.EnvTestDir); err != nil {
		return stand.Binaries{}, err
	}
	return buildOnce()
}

// buildOnce builds once in this test binary. Others that run at the same time wait for
// the lock and then find everything built.
var buildOnce = sync.OnceValues(func() (stand.Binaries, error) {
	dir := os.Getenv(stand.EnvTestDir)
	lock, err := os.OpenFile(filepath.Join(dir, "build-lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return stand.Binaries{}, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return stand.Binaries{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	module, err := stand.ModuleRoot(ctx)
	if err != nil {
		return stand.Binaries{}, err
	}
	return stand.BuildBinaries(ctx, module, filepath.Join(dir, "bin"))
})

func showLogs(t testing.TB, dir string) {
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return
	}
	for _, file := range logs {
		if text, err := os.ReadFile(file); err == nil {
			t.Logf("%s:\n%s", filepath.Base(file), text[max(0, len(text)-20_000):])
		}
	}
}
