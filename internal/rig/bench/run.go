package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/migrations"
)

// experimentTime bounds one experiment, so that a run ends by itself.
const experimentTime = 15 * time.Minute

// serverSettings are what Cloud SQL gives a server of a few gigabytes; Postgres's own defaults are
// for a tiny one. They give more memory for pages, and checkpoints far enough apart that most pages
// are not logged whole. Commit times are for visible. Both sides of every ratio have them.
// Durability is Postgres's default: fsync, synchronous_commit and full_page_writes are on.
var serverSettings = []string{
	"shared_buffers=1GB", "max_wal_size=4GB", "checkpoint_timeout=15min", "wal_compression=on", "track_commit_timestamp=on",
}

// Bench is a run under way, with what it measures on: two Postgres servers, Google's emulators and,
// for the experiments that need them, the programs.
type Bench struct {
	Scale Scale

	servers  *stand.Servers
	dir      string // for logs and programs
	module   string // where the programs' source is
	built    stand.Binaries
	names    int // databases and projects that were named
	progress *Progress
	cleanups []func() error
}

// Run runs the rounds of experiments and returns their rows in order.
func Run(ctx context.Context, parts stand.Parts, module string, scale Scale, experiments []Experiment, progress *Progress) (results []Result, err error) {
	scratch, err := stand.NewScratch()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	servers, err := stand.StartServers(ctx, parts, stand.ServersConfig{Dir: scratch.Dir, Settings: serverSettings})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, servers.Stop()) }()
	b := &Bench{Scale: scale, servers: servers, dir: scratch.Dir, module: module, progress: progress}
	defer progress.end()
	for i, e := range experiments {
		progress.begin(i+1, len(experiments), e.Name)
		rows, err := b.run(ctx, e)
		if err != nil {
			return results, fmt.Errorf("%s: %w", e.Name, err)
		}
		results = append(results, rows...)
	}
	return results, nil
}

func (b *Bench) run(ctx context.Context, e Experiment) (_ []Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, experimentTime)
	defer cancel()
	defer func() { err = errors.Join(err, b.undo()) }()
	b.status("preparing")
	subjects, err := e.Setup(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	rounds := make([]Figures, cmp.Or(e.Rounds, b.Scale.Rounds))
	for i := range rounds {
		if rounds[i], err = b.round(ctx, i, len(rounds), subjects); err != nil {
			return nil, err
		}
	}
	results := make([]Result, len(e.Rows))
	for i, row := range e.Rows {
		results[i] = row.result(rounds)
	}
	return results, nil
}

// round measures every subject once. Every other round runs in reverse order, so that the first
// subject of one round is the last of the next.
func (b *Bench) round(ctx context.Context, n, of int, subjects []Subject) (Figures, error) {
	order := slices.Clone(subjects)
	if n%2 == 1 {
		slices.Reverse(order)
	}
	all := Figures{}
	for _, s := range order {
		b.status(fmt.Sprintf("round %d of %d: %s", n+1, of, s.Name))
		figures, err := s.Measure(ctx)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", s.Name, err)
		}
		maps.Copy(all, figures)
	}
	return all, nil
}

// status shows what is going on.
func (b *Bench) status(what string) { b.progress.show(what) }

// cleanup registers a function to call when the experiment is over, last first.
func (b *Bench) cleanup(undo func() error) { b.cleanups = append(b.cleanups, undo) }

// closing is cleanup for what closes without an error.
func (b *Bench) closing(closes func()) { b.cleanup(func() error { closes(); return nil }) }

func (b *Bench) undo() (err error) {
	for _, undo := range slices.Backward(b.cleanups) {
		err = errors.Join(err, undo())
	}
	b.cleanups = nil
	return err
}

// name returns a name that no other database or project of the run has.
func (b *Bench) name() string {
	b.names++
	return fmt.Sprintf("bench%d", b.names)
}

// database makes a database for an experiment: migrated and empty, or without tables if the
// instance is empty.
func (b *Bench) database(ctx context.Context, on *stand.Postgres, instance migrations.Instance) (dsn string, err error) {
	server := on.DSN("postgres")
	if dsn, err = stand.CloneDatabase(ctx, server, instance, b.name()); err != nil {
		return "", err
	}
	b.cleanup(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return stand.DropDatabase(ctx, server, dsn)
	})
	return dsn, nil
}

// programs builds the API and the functions, once for a run.
func (b *Bench) programs(ctx context.Context) (_ stand.Binaries, err error) {
	if b.built == (stand.Binaries{}) {
		b.status("building the programs")
		b.built, err = stand.BuildBinaries(ctx, b.module, filepath.Join(b.dir, "bin"))
	}
	return b.built, err
}
