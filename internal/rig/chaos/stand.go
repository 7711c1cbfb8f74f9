package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/migrations"
)

const (
	project      = "missionpot-chaos"
	databaseName = "missionpot"
	// stopTime is how long everything may take to end before it is killed.
	stopTime = 15 * time.Second
)

// settings shorten the periods that are meant for people, and lift the limits on one caller,
// because all clients of a run share one address.
var settings = struct{ api, functions []string }{
	functions: []string{"SWEEP_AGE=3s", "GAUGES_PERIOD=30s"},
}

// stand is the whole system, with access to everything that can be broken.
type system struct {
	users, missions   *server
	firestore, pubsub *stand.Emulator
	links             map[string]*link // by name: program-server
	system            *stand.System
	apis, functions   []*stand.Service
	deliveries        *deliveries
	disk              *disk   // of one Postgres server; nil if none can be made
	diskOf            *server // that server
	offsets           map[string]time.Duration
	keys              *token.Keys
	module, logs      string // directories: of go.mod, of the programs' output

	undo []func() error
	stop context.CancelFunc // of the keepers
	kept sync.WaitGroup

	mu       sync.Mutex
	midBatch int // kills that met a batch in the middle of its transaction
	kills    map[*stand.Service]int
	ends     map[*stand.Service]int // for whatever reason
}

// startStand builds the programs with the overlay and starts everything. It calls report for each
// part that is up, and for what can't be done on this machine.
func startStand(ctx context.Context, o Options, source *overlay, dir string, report func(string)) (_ *system, err error) {
	s := &system{
		module: o.Module, logs: dir,
		links: map[string]*link{}, deliveries: newDeliveries(o.Seed), stop: func() {},
		kills: map[*stand.Service]int{}, ends: map[*stand.Service]int{}, offsets: drawClocks(o.Seed),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	parts, err := stand.FindParts()
	if err != nil {
		return nil, err
	}
	if err := s.makeDisk(dir, report); err != nil {
		return nil, err
	}
	// Start them one after the other: on a busy machine the emulators need up to two minutes.
	binaries, err := build(ctx, source, dir)
	if err != nil {
		return nil, err
	}
	report("the programs are built")
	if err := s.startServers(ctx, parts, dir, o.Seed); err != nil {
		return nil, err
	}
	report("two Postgres servers and two emulators are up")
	if err := s.openLinks(); err != nil {
		return nil, err
	}
	return s, s.startSystem(ctx, o, binaries, dir)
}

func build(ctx context.Context, source *overlay, dir string) (stand.Binaries, error) {
	flag, err := source.write(filepath.Join(dir, "overlay"))
	if err != nil {
		return stand.Binaries{}, err
	}
	return stand.BuildBinaries(ctx, source.module, filepath.Join(dir, "bin"), flag)
}

// makeDisk mounts a small disk, where the machine allows it.
func (s *system) makeDisk(dir string, report func(string)) error {
	made, err := mountDisk(filepath.Join(dir, "disk"))
	if err != nil {
		report(fmt.Sprintf("no disk will be full in this run: %v", err))
		return nil
	}
	s.disk = made
	s.undo = append(s.undo, made.unmount)
	return nil
}

// startServers starts the four servers at once. The seed decides which Postgres is on the small
// disk.
func (s *system) startServers(ctx context.Context, parts stand.Parts, dir string, seed uint64) error {
	config := func(name string, small bool) stand.PostgresConfig {
		cfg := stand.PostgresConfig{Name: name, DataDir: filepath.Join(dir, name), LogFile: filepath.Join(dir, name+".log")}
		if small && s.disk != nil {
			cfg.DataDir = filepath.Join(s.disk.dir, name)
			// A full disk is to stop what is written, not the server's own memory.
			cfg.Settings = []string{"dynamic_shared_memory_type=posix"}
		}
		return cfg
	}
	small := seed%2 == 1
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s.users, err = startServer(groupCtx, parts, config("users", small))
		return err
	})
	group.Go(func() (err error) {
		s.missions, err = startServer(groupCtx, parts, config("missions", !small))
		return err
	})
	group.Go(func() (err error) {
		s.firestore, err = stand.StartFirestore(groupCtx, parts, 0, filepath.Join(dir, "firestore.log"))
		return err
	})
	group.Go(func() (err error) {
		s.pubsub, err = stand.StartPubSub(groupCtx, parts, 0, filepath.Join(dir, "pubsub.log"))
		return err
	})
	err := group.Wait()
	s.undo = append(s.undo, s.stopServers)
	if err != nil {
		return err
	}
	s.diskOf = s.missions
	if small {
		s.diskOf = s.users
	}
	return s.diskOf.limitLog(ctx)
}

func (s *system) stopServers() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var running []*stand.Process
	for _, server := range []*server{s.users, s.missions} {
		if server != nil {
			running = append(running, server.postgres().Process)
		}
	}
	for _, emulator := range []*stand.Emulator{s.firestore, s.pubsub} {
		if emulator != nil {
			running = append(running, emulator.Process)
		}
	}
	var all errgroup.Group
	for _, p := range running {
		all.Go(func() error { return p.Stop(ctx) })
	}
	return all.Wait()
}

// openLinks puts a proxy between each program and each server.
func (s *system) openLinks() error {
	for name, server := range map[string]string{
		"users": hostOf(s.users.postgres().DSN("")), "missions": hostOf(s.missions.postgres().DSN("")),
		"firestore": s.firestore.Host(), "pubsub": s.pubsub.Host(),
	} {
		for _, program := range []string{"api", "functions"} {
			l, err := openLink(program+"-"+name, server)
			if err != nil {
				return err
			}
			s.links[l.name] = l
			s.undo = append(s.undo, func() error {
				l.close()
				return nil
			})
		}
	}
	return nil
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// throughLinks returns the environment that connects a program to its proxies.
func (s *system) throughLinks(program string) []string {
	dsn := func(server string) string {
		return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", s.links[program+"-"+server].address(), databaseName)
	}
	return []string{
		"USERS_DATABASE_URL=" + dsn("users"), "MISSIONS_DATABASE_URL=" + dsn("missions"),
		stand.EnvFirestoreHost + "=" + s.links[program+"-firestore"].address(),
		stand.EnvPubSubHost + "=" + s.links[program+"-pubsub"].address(),
	}
}

// startSystem starts two instances of each program, each with a clock of its own.
func (s *system) startSystem(ctx context.Context, o Options, binaries stand.Binaries, dir string) error {
	private, err := token.GenerateSet()
	if err != nil {
		return err
	}
	if s.keys, err = token.ParseSet(private); err != nil {
		return err
	}
	dsns := map[migrations.Instance]string{}
	for instance, server := range map[migrations.Instance]*server{migrations.Users: s.users, migrations.Missions: s.missions} {
		if dsns[instance], err = stand.CloneDatabase(ctx, server.postgres().DSN("postgres"), instance, databaseName); err != nil {
			return err
		}
	}
	s.system, err = stand.StartSystem(ctx, stand.SystemConfig{
		Binaries: binaries, LogDir: dir, Project: project, UsersDSN: dsns[migrations.Users], MissionsDSN: dsns[migrations.Missions],
		FirestoreHost: s.firestore.Host(), PubSubHost: s.pubsub.Host(), Tick: o.Scenario.Tick, TokenKeys: private,
		// A message that failed is redelivered within seconds instead of ten minutes.
		Topics:       stand.TopicOptions{MinBackoff: time.Second, MaxBackoff: 5 * time.Second},
		Deliver:      s.deliveries.through,
		APIEnv:       slices.Concat(s.throughLinks("api"), settings.api, []string{s.clockOf("API")}),
		FunctionsEnv: slices.Concat(s.throughLinks("functions"), settings.functions, []string{s.clockOf("functions")}),
	})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, s.system.Stop)
	secondAPI, err := s.system.AnotherAPI("API-2", s.clockOf("API-2"))
	if err != nil {
		return err
	}
	secondFunctions, err := s.system.AnotherFunctions("functions-2", s.clockOf("functions-2"))
	if err != nil {
		return err
	}
	s.apis, s.functions = []*stand.Service{s.system.API, secondAPI}, []*stand.Service{s.system.Functions, secondFunctions}
	for _, second := range []*stand.Service{secondAPI, secondFunctions} {
		if err := second.Start(ctx); err != nil {
			return err
		}
		s.undo = append(s.undo, func() error {
			second.Kill()
			return nil
		})
	}
	s.deliveries.to(hostOf(s.functions[0].URL()), hostOf(s.functions[1].URL()))
	return nil
}

// close stops everything, in the reverse order of the start.
func (s *system) close() error {
	s.stop()
	s.kept.Wait()
	var errs []error
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}
