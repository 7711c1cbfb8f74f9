package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/rig/stand"
)

const (
	// project is the Google Cloud project the emulators pretend to be.
	project = "missionpot-local"
	// databaseName is the database on each Postgres server.
	databaseName = "missionpot"
)

// errPlayed ends a stand that was started for the play alone.
var errPlayed = errors.New("played")

// up runs the whole system until ctx ends. Everything starts empty: the emulators
// keep nothing, and databases that remember more than they do would not agree with them.
func up(ctx context.Context, args []string) (err error) {
	module, err := stand.ModuleRoot(ctx)
	if err != nil {
		return err
	}
	o, err := parseOptions(args, module)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := o.checkPorts(); err != nil {
		return err
	}
	lock, err := claimDir(o.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	t := newTerminal(os.Stdout)
	t.heading("Missionpot on this machine")
	defer func() {
		// A part that ends because it was stopped has not failed.
		if ctx.Err() != nil {
			err = nil
		}
	}()
	parts, err := stand.FindParts()
	if err != nil {
		return err
	}
	servers, binaries, err := startServers(ctx, t, o, parts, module)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, servers.Stop())
		t.line("\n  stopped")
	}()
	system, err := startSystem(ctx, t, o, servers, binaries)
	if err != nil {
		return err
	}
	defer func() {
		t.line("\n  stopping")
		err = errors.Join(err, system.Stop())
	}()
	if o.dashboards != 0 {
		shown, dashErr := startDashboards(ctx, t, o, module, system)
		if dashErr != nil {
			return dashErr
		}
		defer func() { err = errors.Join(err, shown.stop()) }()
	}
	return stay(ctx, t, o, servers, system)
}

// claimDir makes the directory and locks it for this stand alone.
func claimDir(dir string) (*os.File, error) {
	if err := makeOpenDirs(dir); err != nil {
		return nil, err
	}
	lock, err := stand.LockDir(dir)
	if errors.Is(err, stand.ErrDirInUse) {
		return nil, fmt.Errorf("%w; stop it, or choose another directory with -dir", err)
	}
	return lock, err
}

// makeOpenDirs makes a directory and those above it that are not there, each open to
// everybody's look whatever the umask: as root Postgres runs as another account, which
// must get through.
func makeOpenDirs(dir string) error {
	var missing []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		missing = append(missing, at)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, made := range missing {
		if err := os.Chmod(made, 0o755); err != nil { // #nosec G302 -- it holds a local stand's data, and the folders below have modes of their own
			return err
		}
	}
	return nil
}

// startServers starts the four servers and builds the programs meanwhile.
func startServers(ctx context.Context, t *terminal, o options, parts stand.Parts, module string) (*stand.Servers, stand.Binaries, error) {
	if err := removeLogs(o.dir); err != nil {
		return nil, stand.Binaries{}, err
	}
	t.heading("Servers and programs")
	const programs = "build of API and functions"
	waiting := t.pending(silence, stand.UsersServer, stand.MissionsServer, stand.FirestoreServer, stand.PubSubServer, programs)
	defer waiting.stop()
	var servers *stand.Servers
	var binaries stand.Binaries
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		servers, err = stand.StartServers(groupCtx, parts, stand.ServersConfig{Dir: o.dir, Ports: o.servers, Progress: waiting.ready})
		return err
	})
	group.Go(func() (err error) {
		if binaries, err = stand.BuildBinaries(groupCtx, module, filepath.Join(o.dir, "bin")); err == nil {
			waiting.ready(programs, time.Since(waiting.start))
		}
		return err
	})
	if err := group.Wait(); err != nil {
		if servers != nil {
			err = errors.Join(err, servers.Stop())
		}
		return nil, stand.Binaries{}, err
	}
	return servers, binaries, nil
}

// removeLogs forgets the last run's output. Postgres's data directories stay.
func removeLogs(dir string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return err
	}
	for _, file := range logs {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

func startSystem(ctx context.Context, t *terminal, o options, servers *stand.Servers, binaries stand.Binaries) (*stand.System, error) {
	const started = "API, functions and mailbox"
	waiting := t.pending(silence, started)
	defer waiting.stop()
	for _, server := range []*stand.Postgres{servers.Users, servers.Missions} {
		if err := stand.RecreateDatabase(ctx, server.DSN("postgres"), databaseName); err != nil {
			return nil, err
		}
	}
	system, err := stand.StartSystem(ctx, stand.SystemConfig{
		Binaries:      binaries,
		LogDir:        o.dir,
		Project:       project,
		UsersDSN:      servers.Users.DSN(databaseName),
		MissionsDSN:   servers.Missions.DSN(databaseName),
		FirestoreHost: servers.Firestore.Host(),
		PubSubHost:    servers.PubSub.Host(),
		Ports:         o.system,
		Tick:          o.tick,
		Measured:      o.dashboards != 0,
		APIEnv:        apiSettings(os.Getenv("CORS_ORIGINS")),
	})
	if err != nil {
		return nil, err
	}
	waiting.ready(started, time.Since(waiting.start))
	return system, nil
}

// apiSettings are the limits as deployed, and the web origins that are asked for. By
// default a page in development may call the API, whatever its port on this machine.
func apiSettings(origins string) []string {
	anyPort := append([]string{"http://127.0.0.1", "http://localhost"}, edge.ThisMachine...) // an origin does not name port 80
	origins = cmp.Or(origins, strings.Join(anyPort, ","))
	return []string{"LIMIT_PER_ADDRESS=1200", "LIMIT_PER_USER=600", "LIMIT_SIGN_UPS=60", "CORS_ORIGINS=" + origins}
}

// stay plays the mission and keeps everything up until ctx ends or a server dies.
func stay(ctx context.Context, t *terminal, o options, servers *stand.Servers, system *stand.System) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		system.Keep(ctx, t.trouble)
		return nil
	})
	for _, server := range servers.Processes() {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-server.Done():
				return fmt.Errorf("%s ended by itself (%v); its log is in %s", server.Name(), server.Wait(), o.dir)
			}
		})
	}
	group.Go(func() error {
		if o.play {
			if err := play(ctx, t, system); err != nil {
				return fmt.Errorf("the play: %w; the logs are in %s", err, o.dir)
			}
		}
		if o.once {
			return errPlayed
		}
		tellAddresses(t, o, servers, system)
		return nil
	})
	if err := group.Wait(); !errors.Is(err, errPlayed) {
		return err
	}
	return nil
}

func tellAddresses(t *terminal, o options, servers *stand.Servers, system *stand.System) {
	t.heading("Up. Ctrl-C stops everything.")
	for _, place := range [][2]string{
		{"API and its pages", system.API.URL() + "/docs"},
		{"mailbox", system.MailboxURL()},
		{"dashboards", o.dashboardsURL()},
		{"functions", system.Functions.URL()},
		{"users database", servers.Users.DSN(databaseName)},
		{"missions database", servers.Missions.DSN(databaseName)},
		{"emulators", strings.Join(append(servers.EmulatorEnv(), "GOOGLE_CLOUD_PROJECT="+project), "  ")},
		{"logs", o.dir + "/*.log"},
	} {
		t.line("  %-18s %s", place[0], place[1])
	}
}
