package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/pg"
)

const (
	// holdPool is the step's own setting, from functions/functions.go.
	holdPool = 4
	// crowdClients is where contention on a hot row makes the naive way collapse.
	crowdClients = 64
)

// The numbers of clients that the naive way is measured with; its best counts. It can use more of
// them on many missions, or when each waits longer for Postgres.
var (
	naiveClients = []int{2, 4, 8, 16}
	moreClients  = []int{8, 16, 32, 64}
)

func holdHot() Experiment {
	best := naiveNames(naiveClients)
	return Experiment{
		Name: "hold",
		Rows: []Row{
			{Name: "hold_hot_1000", What: "one hot mission, 1,000 callers, against the naive way at its best", Unit: "bets/s",
				Value: groupedName(1000), Baseline: best, Goal: Goal{AtLeast: 15}},
			{Name: "hold_hot_crowd", What: "the same, against the naive way with 64 clients", Unit: "bets/s",
				Value: groupedName(1000), Baseline: []string{naiveName(crowdClients)}, Goal: Goal{AtLeast: 45}},
			{Name: "hold_hot_32", What: "one hot mission, 32 callers", Unit: "bets/s",
				Value: groupedName(32), Baseline: best, Goal: Goal{AtLeast: 3.5}},
			{Name: "hold_hot_256", What: "one hot mission, 256 callers", Unit: "bets/s",
				Value: groupedName(256), Baseline: best, Goal: Goal{AtLeast: 9}},
			{Name: "hold_bound", What: "1,000 callers, against the same rows written by a loop inside the server", Unit: "bets/s",
				Value: groupedName(1000), Baseline: []string{boundName}, Goal: Goal{AtLeast: 0.8}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			l, err := openLedgers(ctx, b, newPeople(b.Scale.Users, rich), newIDs(1), directly)
			if err != nil {
				return nil, err
			}
			inServer, err := bound(ctx, b, l.people)
			if err != nil {
				return nil, err
			}
			subjects := append(l.naively(naiveClients...), l.naively(crowdClients)...)
			return append(subjects, l.grouped(32), l.grouped(256), l.grouped(1000), inServer), nil
		},
	}
}

func holdCloud() Experiment {
	row := Row{Name: "hold_hot_cloud", What: "1,000 callers when every round trip to Postgres takes 2 ms more", Goal: Goal{AtLeast: 60}}
	return holdAgainst("cloud", row, moreClients, func(ctx context.Context, b *Bench) (*ledgers, error) {
		return openLedgers(ctx, b, newPeople(b.Scale.Users, rich), newIDs(1), b.farAway)
	})
}

func holdMixed() Experiment {
	row := Row{Name: "hold_hot_mixed", What: "1,000 callers, a tenth redelivered, a third of the users too poor", Goal: Goal{AtLeast: 8}}
	return holdAgainst("mixed", row, naiveClients, func(ctx context.Context, b *Bench) (*ledgers, error) {
		people := append(newPeople(b.Scale.Users*2/3, rich), newPeople(b.Scale.Users/3, poor)...)
		l, err := openLedgers(ctx, b, people, newIDs(1), directly)
		if err == nil {
			l.bets = againSometimes(l.bets)
		}
		return l, err
	})
}

func holdSpread() Experiment {
	row := Row{Name: "hold_spread_1000", What: "1,000 callers over 1,000 missions, against the naive way at its best there", Goal: Goal{AtLeast: 8}}
	return holdAgainst("spread", row, moreClients, func(ctx context.Context, b *Bench) (*ledgers, error) {
		return openLedgers(ctx, b, newPeople(b.Scale.Users, rich), newIDs(1000), directly)
	})
}

// holdAgainst is an experiment of one row: 1,000 callers against the naive way at its best.
func holdAgainst(name string, row Row, clients []int, open func(context.Context, *Bench) (*ledgers, error)) Experiment {
	row.Unit, row.Value, row.Baseline = "bets/s", groupedName(1000), naiveNames(clients)
	return Experiment{Name: name, Rows: []Row{row}, Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
		l, err := open(ctx, b)
		if err != nil {
			return nil, err
		}
		return append(l.naively(clients...), l.grouped(1000)), nil
	}}
}

func holdIdle() Experiment {
	const grouped, plain = "group commit, alone", "naive, alone"
	return Experiment{
		Name: "idle",
		Rows: []Row{{Name: "hold_idle_1", What: "latency of a lone bet, against the naive way with one client", Unit: "µs",
			Value: grouped, Baseline: []string{plain}, Goal: Goal{AtMost: 1.3}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			l, err := openLedgers(ctx, b, newPeople(b.Scale.Users, rich), newIDs(1), directly)
			if err != nil {
				return nil, err
			}
			return []Subject{
				single(grouped, func(ctx context.Context) (float64, error) { return lone(ctx, b.Scale, l.hold) }),
				single(plain, func(ctx context.Context) (float64, error) { return lone(ctx, b.Scale, l.holdNaively) }),
			}, nil
		},
	}
}

// ledgers is one ledger and one naive database with the same people and missions, on the same
// server.
type ledgers struct {
	scale  Scale
	people []person
	bets   place
	step   *holdbets.Step
	naive  *naive
}

// openLedgers fills both. It passes each address to through, which may put a proxy in between.
func openLedgers(ctx context.Context, b *Bench, people []person, missions []uuid.UUID, through func(dsn string) (string, error)) (*ledgers, error) {
	l := &ledgers{scale: b.Scale, people: people, bets: onAny(people, missions)}
	dsn, _, err := b.ledgerDatabase(ctx, people, missions)
	if err != nil {
		return nil, err
	}
	if dsn, err = through(dsn); err != nil {
		return nil, err
	}
	if l.step, err = openStep(ctx, b, dsn); err != nil {
		return nil, err
	}
	if dsn, err = b.naiveDatabase(ctx, people, missions); err != nil {
		return nil, err
	}
	if dsn, err = through(dsn); err != nil {
		return nil, err
	}
	pool, err := b.pool(ctx, dsn, crowdClients)
	l.naive = &naive{pool}
	return l, err
}

func directly(dsn string) (string, error) { return dsn, nil }

// quiet is a bus without subscribers. The rows that compare with the naive way leave out
// publishing, because the naive way publishes nothing; push_hot includes it.
type quiet struct{}

func (quiet) Publish(context.Context, ...event.Event) error { return nil }

func openStep(ctx context.Context, b *Bench, dsn string) (*holdbets.Step, error) {
	db, err := openLedger(ctx, b, dsn, holdPool)
	return holdbets.New(db, quiet{}), err
}

// openLedger opens a ledger as a step does.
func openLedger(ctx context.Context, b *Bench, dsn string, connections int32) (*ledgerdb.DB, error) {
	pool, err := pg.Open(ctx, pg.Users, dsn, connections)
	if err != nil {
		return nil, err
	}
	b.closing(pool.Close)
	return ledgerdb.New(pool), nil
}

func (l *ledgers) hold(ctx context.Context, c *caller) error {
	return l.step.Handle(ctx, event.NewBetPlaced(l.bets(c)))
}

func (l *ledgers) holdNaively(ctx context.Context, c *caller) error {
	return l.naive.holdUntilDone(ctx, l.bets(c))
}

func (l *ledgers) grouped(callers int) Subject {
	return throughput(groupedName(callers), l.scale, callers, l.hold)
}

func (l *ledgers) naively(clients ...int) []Subject {
	subjects := make([]Subject, len(clients))
	for i, n := range clients {
		subjects[i] = throughput(naiveName(n), l.scale, n, l.holdNaively)
	}
	return subjects
}

func groupedName(callers int) string { return fmt.Sprintf("group commit, %d callers", callers) }

func naiveName(clients int) string { return fmt.Sprintf("naive, %d clients", clients) }

func naiveNames(clients []int) []string {
	names := make([]string, len(clients))
	for i, n := range clients {
		names[i] = naiveName(n)
	}
	return names
}
