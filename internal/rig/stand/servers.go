package stand

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// stopTimeout is how long the servers may take to end before they are killed.
const stopTimeout = 10 * time.Second

// ServersConfig says where the four servers keep their files and listen.
type ServersConfig struct {
	// Dir holds data directories and logs. As root it must be reachable by the
	// unprivileged account that Postgres runs as.
	Dir       string
	ThrowAway bool // see PostgresConfig
	Settings  []string
	Ports     ServerPorts
	// Progress, if set, hears of every server that is ready. Calls do not overlap.
	Progress func(name string, took time.Duration)
}

// ServerPorts are ports on 127.0.0.1; 0 means any free one.
type ServerPorts struct{ Users, Missions, Firestore, PubSub int }

// Servers are the real parts of the stand, running.
type Servers struct {
	Users, Missions *Postgres
	Firestore       *Emulator
	PubSub          *Emulator
}

// The servers' names, as Progress hears them.
const (
	UsersServer     = "Postgres (users)"
	MissionsServer  = "Postgres (missions)"
	FirestoreServer = "Firestore emulator"
	PubSubServer    = "Pub/Sub emulator"
)

// StartServers starts all four servers at once and returns when all are ready, or
// stops those already up and returns the error.
func StartServers(ctx context.Context, parts Parts, cfg ServersConfig) (*Servers, error) {
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, err
	}
	s := &Servers{}
	progress := reportProgress(cfg.Progress)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s.Users, err = StartPostgres(ctx, parts, cfg.postgres("users", cfg.Ports.Users))
		return progress(UsersServer, err)
	})
	group.Go(func() (err error) {
		s.Missions, err = StartPostgres(ctx, parts, cfg.postgres("missions", cfg.Ports.Missions))
		return progress(MissionsServer, err)
	})
	group.Go(func() (err error) {
		s.Firestore, err = StartFirestore(ctx, parts, cfg.Ports.Firestore, filepath.Join(cfg.Dir, "firestore.log"))
		return progress(FirestoreServer, err)
	})
	group.Go(func() (err error) {
		s.PubSub, err = StartPubSub(ctx, parts, cfg.Ports.PubSub, filepath.Join(cfg.Dir, "pubsub.log"))
		return progress(PubSubServer, err)
	})
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (cfg ServersConfig) postgres(name string, port int) PostgresConfig {
	return PostgresConfig{
		Name:      name,
		DataDir:   filepath.Join(cfg.Dir, name),
		LogFile:   filepath.Join(cfg.Dir, name+".log"),
		Port:      port,
		ThrowAway: cfg.ThrowAway,
		Settings:  cfg.Settings,
	}
}

func reportProgress(report func(string, time.Duration)) func(string, error) error {
	start := time.Now()
	var mu sync.Mutex
	return func(name string, err error) error {
		if err != nil || report == nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		report(name, time.Since(start))
		return nil
	}
}

// Processes lists the servers that run, for a supervisor.
func (s *Servers) Processes() []*Process {
	var all []*Process
	for _, server := range []*Postgres{s.Users, s.Missions} {
		if server != nil {
			all = append(all, server.Process)
		}
	}
	for _, emulator := range []*Emulator{s.Firestore, s.PubSub} {
		if emulator != nil {
			all = append(all, emulator.Process)
		}
	}
	return all
}

// Stop ends all servers, gracefully within ten seconds, else by force.
func (s *Servers) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	processes := s.Processes()
	errs := make([]error, len(processes))
	var wg sync.WaitGroup
	for i, p := range processes {
		wg.Go(func() { errs[i] = p.Stop(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
