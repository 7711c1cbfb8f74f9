package bench

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/betlog"
	"example.com/missionpot/internal/books"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/lab"
	"example.com/missionpot/internal/missionsdb"
	"example.com/missionpot/internal/usersdb"
)

const (
	// costClients bet at once through the API.
	costClients = 128
	// quietFor is how long nothing must be billed until the steps count as idle.
	quietFor = 2 * time.Second
	// costWait bounds each wait of the measurement.
	costWait = 2 * time.Minute
)

// systemUse is what bets used of everything but Postgres, in all programs: API, steps, sweep, check
// of the books.
type systemUse struct {
	bets       float64
	calls      float64 // of the API
	api, steps bill
	sweep      float64 // reads of the log
	check      float64
	pushes     map[string]float64 // by function
	apiCPU     float64            // seconds
	stepsCPU   float64
}

// meteredSystem is a system whose every call to Google's emulators is counted.
type meteredSystem struct {
	*system
	firestore, pubsub struct{ api, steps *tally }
	calls, pushes     *requests
	watch             *pgxpool.Pool
}

func (b *Bench) useSystem(ctx context.Context) (systemUse, error) {
	m, err := startMetered(ctx, b)
	if err != nil {
		return systemUse{}, err
	}
	u := systemUse{}
	if err := m.load(ctx, b, &u); err != nil {
		return u, err
	}
	b.Status("sweeping the log")
	if u.sweep, err = m.sweepAll(ctx); err != nil {
		return u, fmt.Errorf("sweep: %w", err)
	}
	b.Status("checking the books")
	u.check, err = m.check(ctx)
	return u, err
}

// startMetered puts a tally between each program and each emulator. The sweep reads new bets too,
// so that the bench need not wait a minute. The check of the books runs on its own, because the
// functions share a process.
func startMetered(ctx context.Context, b *Bench) (*meteredSystem, error) {
	m := &meteredSystem{calls: newRequests(), pushes: newRequests()}
	servers := b.Stand.Servers()
	for at, behind := range map[**tally]string{
		&m.firestore.api: servers.Firestore.Host(), &m.firestore.steps: servers.Firestore.Host(),
		&m.pubsub.api: servers.PubSub.Host(), &m.pubsub.steps: servers.PubSub.Host(),
	} {
		t, err := startTally(behind)
		if err != nil {
			return nil, err
		}
		b.Cleanup(t.close)
		*at = t
	}
	var err error
	m.system, err = startSystem(ctx, b, 2000, 1, func(cfg *lab.SystemConfig) {
		cfg.APIEnv = []string{lab.EnvFirestoreHost + "=" + m.firestore.api.host, lab.EnvPubSubHost + "=" + m.pubsub.api.host}
		cfg.FunctionsEnv = []string{
			lab.EnvFirestoreHost + "=" + m.firestore.steps.host, lab.EnvPubSubHost + "=" + m.pubsub.steps.host,
			"SWEEP_AGE=1s", "AUDIT_PERIOD=0",
		}
		cfg.Deliver = m.pushes.through
	})
	if err != nil {
		return nil, err
	}
	m.client.Transport = m.calls.through(m.client.Transport)
	m.watch, err = openPool(ctx, b, m.UsersDSN(), 1)
	return m, err
}

// load makes people bet on one mission, and waits until every bet is held and its pot is shown.
func (m *meteredSystem) load(ctx context.Context, b *Bench, u *systemUse) error {
	b.Status("betting through the whole system")
	before, err := m.processors()
	if err != nil {
		return err
	}
	_, err = crowd(ctx, b, costClients, func(ctx context.Context, c *caller) error {
		_, err := m.bet(ctx, c.rand.IntN(len(m.people)), m.missions[0])
		return err
	})
	if err != nil {
		return err
	}
	if err := m.rest(ctx); err != nil {
		return err
	}
	after, err := m.processors()
	if err != nil {
		return err
	}
	u.apiCPU, u.stepsCPU = after[0]-before[0], after[1]-before[1]
	u.api, u.steps = m.firestore.api.so(), m.firestore.steps.so()
	u.api.published, u.steps.published = m.pubsub.api.so().published, m.pubsub.steps.so().published
	u.calls, u.pushes = m.calls.all(), m.pushes.so()
	// A call that the end of the load cut off may have logged its bet.
	return m.watch.QueryRow(ctx, `SELECT count(*)::float8 FROM ledger WHERE kind = 'hold'`).Scan(&u.bets)
}

// processors returns the CPU seconds of the API and of the functions.
func (m *meteredSystem) processors() (used [2]float64, err error) {
	for i, program := range []*lab.Service{m.API, m.Functions} {
		u, err := usageOf(program.Process().PID())
		if err != nil {
			return used, err
		}
		used[i] = u.cpu.Seconds()
	}
	return used, nil
}

// rest waits until the steps are idle.
func (m *meteredSystem) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, costWait)
	defer cancel()
	last, since := -1.0, time.Now()
	for time.Since(since) < quietFor {
		if now := m.firestore.steps.so(); now.writes+now.reads+m.pushes.all() != last {
			last, since = now.writes+now.reads+m.pushes.all(), time.Now()
		}
		if err := pause(ctx, lookEvery); err != nil {
			return fmt.Errorf("the steps did not become idle: %w", err)
		}
	}
	return nil
}

// sweepAll sends ticks until the sweep has passed every entry of the log, and returns
// what it read.
func (m *meteredSystem) sweepAll(ctx context.Context) (reads float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, costWait)
	defer cancel()
	before := m.firestore.steps.so().reads
	for {
		if err := m.Bus().Publish(ctx, event.Tick{At: time.Now().UTC()}); err != nil {
			return 0, err
		}
		at := m.firestore.steps.so().reads
		if err := m.rest(ctx); err != nil {
			return 0, err
		}
		// A round without new entries still queries each shard.
		if m.firestore.steps.so().reads-at <= betlog.Shards {
			return at - before, nil
		}
	}
}

// check checks the books as the function does, and returns what it read.
func (m *meteredSystem) check(ctx context.Context) (reads float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, costWait)
	defer cancel()
	users, err := usersdb.Open(ctx, m.UsersDSN(), 2)
	if err != nil {
		return 0, err
	}
	defer users.Close()
	missions, err := missionsdb.Open(ctx, m.MissionsDSN(), 2)
	if err != nil {
		return 0, err
	}
	defer missions.Close()
	client, err := firestore.NewClient(ctx, m.Project(), lab.EmulatorOptions(m.firestore.steps.host)...)
	if err != nil {
		return 0, fmt.Errorf("open Firestore: %w", err)
	}
	log := betlog.New(client)
	defer log.Close()
	before := m.firestore.steps.so().reads
	checker := books.Checker{Ledger: users, Board: missions, Log: log}
	for {
		at := m.firestore.steps.so().reads
		if _, _, err := checker.Check(ctx, books.Options{Settle: time.Millisecond, Late: books.UsualLate, Now: time.Now}); err != nil {
			return 0, err
		}
		if m.firestore.steps.so().reads-at <= betlog.Shards {
			return at - before, nil
		}
	}
}

// requests counts what Cloud Run would bill, by the last part of the path: of a push
// that is the function.
type requests struct {
	mu sync.Mutex
	by map[string]float64
}

func newRequests() *requests { return &requests{by: map[string]float64{}} }

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip is for http.Client.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (p *requests) through(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		p.mu.Lock()
		p.by[path.Base(r.URL.Path)]++
		p.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (p *requests) so() map[string]float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.by)
}

func (p *requests) all() (n float64) {
	for _, pushes := range p.so() {
		n += pushes
	}
	return n
}
