package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/migrations"
)

// Stand is what a run measures on: two Postgres servers with full durability and, for the
// experiments that need them, Google's emulators and the programs.
type Stand struct {
	parts   stand.Parts
	module  string
	scratch *stand.Scratch
	servers *stand.Servers
	names   atomic.Int64

	binaries *Binaries
}

// serverSettings are what Cloud SQL gives a server of a few gigabytes; Postgres's own defaults are
// for a tiny one. They give more memory for pages, and checkpoints far enough apart that most pages
// are not logged whole. Both sides of every ratio have them. Durability is Postgres's default:
// fsync, synchronous_commit and full_page_writes are on.
func serverSettings() []string {
	return []string{"shared_buffers=1GB", "max_wal_size=4GB", "checkpoint_timeout=15min", "wal_compression=on"}
}

func newStand(ctx context.Context, parts stand.Parts, module string) (_ *Stand, err error) {
	scratch, err := stand.NewScratch()
	if err != nil {
		return nil, err
	}
	s := &Stand{parts: parts, module: module, scratch: scratch}
	s.servers, err = stand.StartServers(ctx, parts, stand.ServersConfig{Dir: scratch.Dir, Settings: serverSettings()})
	if err != nil {
		return nil, errors.Join(err, scratch.Close())
	}
	return s, nil
}

// Close stops the servers and removes their data.
func (s *Stand) Close() error {
	return errors.Join(s.servers.Stop(), s.scratch.Close())
}

// Servers returns the two Postgres servers and the two emulators.
func (s *Stand) Servers() *stand.Servers { return s.servers }

// UsersDatabase makes a migrated, empty users database for an experiment.
func (b *Bench) UsersDatabase(ctx context.Context) (dsn string, err error) {
	return b.database(ctx, b.Stand.servers.Users.DSN("postgres"), migrations.Users)
}

// MissionsDatabase makes a migrated, empty missions database for an experiment.
func (b *Bench) MissionsDatabase(ctx context.Context) (dsn string, err error) {
	return b.database(ctx, b.Stand.servers.Missions.DSN("postgres"), migrations.Missions)
}

// EmptyDatabase makes a database without tables on the users server, so that a
// baseline has the same server under it.
func (b *Bench) EmptyDatabase(ctx context.Context) (dsn string, err error) {
	return b.database(ctx, b.Stand.servers.Users.DSN("postgres"), "")
}

func (b *Bench) database(ctx context.Context, server string, instance migrations.Instance) (string, error) {
	name := fmt.Sprintf("bench_%d", b.Stand.names.Add(1))
	dsn, err := stand.CloneDatabase(ctx, server, instance, name)
	if err != nil {
		return "", err
	}
	b.Cleanup(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return stand.DropDatabase(ctx, server, dsn)
	})
	return dsn, nil
}

// Binaries is the programs that a run starts.
type Binaries struct {
	stand.Binaries
}

// Programs builds the API and the functions, once for a run.
func (s *Stand) Programs(ctx context.Context) (*Binaries, error) {
	if s.binaries == nil {
		built, err := stand.BuildBinaries(ctx, s.module, filepath.Join(s.scratch.Dir, "bin"))
		if err != nil {
			return nil, err
		}
		s.binaries = &Binaries{Binaries: built}
	}
	return s.binaries, nil
}
