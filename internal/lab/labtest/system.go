package labtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/missionpot/internal/lab"
)

// tick is the period of a test's system: sweeps should not be what a test waits for.
const tick = 250 * time.Millisecond

// buildTimeout is enough for a first build, with nothing in the cache, on two cores.
const buildTimeout = 5 * time.Minute

// System starts the whole of Missionpot for one test: the API and the functions as
// processes of their own on free ports, on databases and projects of the test's own,
// with pushes, ticks and a mailbox. Each change may adjust the configuration first.
// Everything is stopped when the test ends; if it failed, the programs' logs are shown.
func System(t testing.TB, changes ...func(*lab.SystemConfig)) *lab.System {
	t.Helper()
	cfg := lab.SystemConfig{
		Binaries:      binaries(t),
		LogDir:        t.TempDir(),
		Project:       PubSub(t),
		UsersDSN:      UsersDatabase(t),
		MissionsDSN:   MissionsDatabase(t),
		FirestoreHost: require(t, lab.EnvFirestoreHost),
		PubSubHost:    require(t, lab.EnvPubSubHost),
		Tick:          tick,
	}
	for _, change := range changes {
		change(&cfg)
	}
	system, err := lab.StartSystem(t.Context(), cfg)
	if err != nil {
		showLogs(t, cfg.LogDir)
		t.Fatalf("start the system: %v", err)
	}
	t.Cleanup(func() {
		if err := system.Stop(); err != nil {
			t.Errorf("stop the system: %v", err)
		}
		if t.Failed() {
			showLogs(t, cfg.LogDir)
		}
	})
	return system
}

// binaries are the programs, built once for all tests of a run.
func binaries(t testing.TB) lab.Binaries {
	t.Helper()
	require(t, lab.EnvTestDir)
	built, err := buildOnce()
	if err != nil {
		t.Fatalf("build the programs: %v", err)
	}
	return built
}

// buildOnce builds once in this test binary. Others that run at the same time wait for
// the lock and then find everything built.
var buildOnce = sync.OnceValues(func() (lab.Binaries, error) {
	dir := os.Getenv(lab.EnvTestDir)
	lock, err := os.OpenFile(filepath.Join(dir, "build-lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return lab.Binaries{}, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return lab.Binaries{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	module, err := lab.ModuleRoot(ctx)
	if err != nil {
		return lab.Binaries{}, err
	}
	return lab.BuildBinaries(ctx, module, filepath.Join(dir, "bin"))
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
