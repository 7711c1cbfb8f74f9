package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// server is a Postgres server that is started again whenever it ends. Commits are really written to
// disk: what it acknowledged must survive a kill.
type server struct {
	parts stand.Parts
	cfg   stand.PostgresConfig

	mu      sync.Mutex
	current *stand.Postgres
	kills   int
}

func startServer(ctx context.Context, parts stand.Parts, cfg stand.PostgresConfig) (*server, error) {
	first, err := stand.StartPostgres(ctx, parts, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Port = first.Port
	return &server{parts: parts, cfg: cfg, current: first}, nil
}

// postgres returns the server that runs now, or ran last.
func (s *server) postgres() *stand.Postgres {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// kill ends the server as a crash would.
func (s *server) kill() {
	s.mu.Lock()
	s.kills++
	s.mu.Unlock()
	s.postgres().Kill()
}

// keep restarts the server whenever it ends, until ctx does, and reports when it can't.
func (s *server) keep(ctx context.Context, report func(string)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.postgres().Done():
		}
		for {
			again, err := stand.StartPostgres(ctx, s.parts, s.cfg)
			if err == nil {
				s.mu.Lock()
				s.current = again
				s.mu.Unlock()
				break
			}
			if ctx.Err() != nil {
				return
			}
			report(fmt.Sprintf("Postgres (%s) does not start: %v", s.cfg.Name, err))
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}

// limitLog keeps the write-ahead log small, so that the fault fills the small disk and the log does
// not.
func (s *server) limitLog(ctx context.Context) error {
	for _, sql := range []string{
		"ALTER SYSTEM SET max_wal_size = '128MB'", "ALTER SYSTEM SET min_wal_size = '64MB'", "SELECT pg_reload_conf()",
	} {
		if err := stand.Exec(ctx, s.postgres().DSN("postgres"), sql); err != nil {
			return err
		}
	}
	return nil
}
