package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/pg"
)

const (
	// holdPool is the step's own setting, from functions/functions.go.
	holdPool = 4
	// crowdClients is where contention on a hot row makes the naive way collapse.
	crowdClients = 64
)

// naiveClients are the numbers of clients that the naive way is measured with; its best counts.
var naiveClients = []int{2, 4, 8, 16}

// quiet is a bus without subscribers. The rows that compare with the naive way leave out
// publishing, because the naive way publishes nothing; push_hot includes it.
type quiet struct{}

func (quiet) Publish(context.Context, ...event.Event) error { return nil }

// place makes the bet that a caller places now.
type place func(c *caller) ledger.Bet

// onAny bets on one of some missions, with one of some people, at random.
func onAny(people []person, missions []uuid.UUID) place {
	return func(c *caller) ledger.Bet {
		now, mission := time.Now(), missions[c.rand.IntN(len(missions))]
		return ledger.Bet{
			ID: newBetID(mission), MissionID: mission, UserID: people[c.rand.IntN(len(people))].id,
			Amount: betAmount, LoggedAt: now, Deadline: now.Add(time.Hour),
		}
	}
}

// againSometimes redelivers a caller's last bet in one of ten calls.
func againSometimes(callers int, next place) place {
	last := make([]ledger.Bet, callers)
	return func(c *caller) ledger.Bet {
		if last[c.number].ID == uuid.Nil || c.rand.IntN(10) != 0 {
			last[c.number] = next(c)
		}
		return last[c.number]
	}
}

// ledgers is one ledger and one naive database with the same people and missions, on the same
// server.
type ledgers struct {
	step  *holdbets.Step
	naive *naive
}

// openLedgers fills both. It passes each address to through, which may put a proxy in between.
func openLedgers(ctx context.Context, b *Bench, people []person, missions []uuid.UUID, through func(dsn string) (string, error)) (*ledgers, error) {
	usersDSN, err := b.UsersDatabase(ctx)
	if err != nil {
		return nil, err
	}
	if err := fillLedger(ctx, b, usersDSN, people, missions); err != nil {
		return nil, err
	}
	naiveDSN, err := b.EmptyDatabase(ctx)
	if err != nil {
		return nil, err
	}
	if usersDSN, err = through(usersDSN); err != nil {
		return nil, err
	}
	if naiveDSN, err = through(naiveDSN); err != nil {
		return nil, err
	}
	step, err := openStep(ctx, b, usersDSN)
	if err != nil {
		return nil, err
	}
	plain, err := openNaive(ctx, b, naiveDSN, crowdClients, people, missions)
	if err != nil {
		return nil, err
	}
	return &ledgers{step: step, naive: plain}, nil
}

func directly(dsn string) (string, error) { return dsn, nil }

func fillLedger(ctx context.Context, b *Bench, dsn string, people []person, missions []uuid.UUID) error {
	pool, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return err
	}
	if err := signUp(ctx, pool, people); err != nil {
		return err
	}
	if err := openEscrows(ctx, pool, missions); err != nil {
		return err
	}
	return settle(ctx, pool)
}

func openStep(ctx context.Context, b *Bench, dsn string) (*holdbets.Step, error) {
	pool, err := pg.Open(ctx, pg.Users, dsn, holdPool)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() error { pool.Close(); return nil })
	return holdbets.New(ledgerdb.New(pool), quiet{}), nil
}

func (h *ledgers) grouped(b *Bench, callers int, bets place) Subject {
	name := fmt.Sprintf("group commit, %d callers", callers)
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		perSecond, err := crowd(ctx, b, callers, func(ctx context.Context, c *caller) error {
			return h.step.Handle(ctx, event.NewBetPlaced(bets(c)))
		})
		return Figures{name: perSecond}, err
	}}
}

func (h *ledgers) plain(b *Bench, clients int, bets place) Subject {
	name := naiveName(clients)
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		perSecond, err := crowd(ctx, b, clients, func(ctx context.Context, c *caller) error {
			return h.naive.holdUntilDone(ctx, bets(c))
		})
		return Figures{name: perSecond}, err
	}}
}

func naiveName(clients int) string { return fmt.Sprintf("naive, %d clients", clients) }

func naiveNames(clients []int) []string {
	names := make([]string, len(clients))
	for i, n := range clients {
		names[i] = naiveName(n)
	}
	return names
}

func (h *ledgers) plainBest(b *Bench, clients []int, bets place) []Subject {
	subjects := make([]Subject, len(clients))
	for i, n := range clients {
		subjects[i] = h.plain(b, n, bets)
	}
	return subjects
}

func holdHot() Experiment {
	best := naiveNames(naiveClients)
	return Experiment{
		Name: "hold",
		Rows: []Row{
			{Name: "hold_hot_1000", What: "one hot mission, 1,000 callers, against the naive way at its best", Unit: "bets/s",
				Value: "group commit, 1000 callers", Baseline: best, Goal: Goal{AtLeast: 15}},
			{Name: "hold_hot_crowd", What: "the same, against the naive way with 64 clients", Unit: "bets/s",
				Value: "group commit, 1000 callers", Baseline: []string{naiveName(crowdClients)}, Goal: Goal{AtLeast: 45}},
			{Name: "hold_hot_32", What: "one hot mission, 32 callers", Unit: "bets/s",
				Value: "group commit, 32 callers", Baseline: best, Goal: Goal{AtLeast: 3.5}},
			{Name: "hold_hot_256", What: "one hot mission, 256 callers", Unit: "bets/s",
				Value: "group commit, 256 callers", Baseline: best, Goal: Goal{AtLeast: 9}},
			{Name: "hold_bound", What: "1,000 callers, against the same rows written by a loop inside the server", Unit: "bets/s",
				Value: "group commit, 1000 callers", Baseline: []string{boundName}, Goal: Goal{AtLeast: 0.8}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people, missions := newPeople(b.Scale.Users, rich), newIDs(1)
			h, err := openLedgers(ctx, b, people, missions, directly)
			if err != nil {
				return nil, err
			}
			inServer, err := bound(ctx, b, people)
			if err != nil {
				return nil, err
			}
			bets := onAny(people, missions)
			subjects := h.plainBest(b, append(slices.Clone(naiveClients), crowdClients), bets)
			return append(subjects, h.grouped(b, 32, bets), h.grouped(b, 256, bets), h.grouped(b, 1000, bets), inServer), nil
		},
	}
}

func holdMixed() Experiment {
	return Experiment{
		Name: "mixed",
		Rows: []Row{{Name: "hold_hot_mixed", What: "1,000 callers, a tenth redelivered, a third of the users too poor", Unit: "bets/s",
			Value: "group commit, 1000 callers", Baseline: naiveNames(naiveClients), Goal: Goal{AtLeast: 8}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people := append(newPeople(b.Scale.Users*2/3, rich), newPeople(b.Scale.Users/3, poor)...)
			missions := newIDs(1)
			h, err := openLedgers(ctx, b, people, missions, directly)
			if err != nil {
				return nil, err
			}
			subjects := []Subject{h.grouped(b, 1000, againSometimes(1000, onAny(people, missions)))}
			return append(subjects, h.plainBest(b, naiveClients, againSometimes(slices.Max(naiveClients), onAny(people, missions)))...), nil
		},
	}
}

func holdIdle() Experiment {
	const grouped, plain = "group commit, alone", "naive, alone"
	return Experiment{
		Name: "idle",
		Rows: []Row{{Name: "hold_idle_1", What: "latency of a lone bet, against the naive way with one client", Unit: "µs",
			Value: grouped, Baseline: []string{plain}, Less: true, Goal: Goal{AtMost: 1.3}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people, missions := newPeople(b.Scale.Users, rich), newIDs(1)
			h, err := openLedgers(ctx, b, people, missions, directly)
			if err != nil {
				return nil, err
			}
			bets := onAny(people, missions)
			alone := func(name string, call func(context.Context, *caller) error) Subject {
				return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
					micros, err := lone(ctx, b, call)
					return Figures{name: micros}, err
				}}
			}
			return []Subject{
				alone(grouped, func(ctx context.Context, c *caller) error { return h.step.Handle(ctx, event.NewBetPlaced(bets(c))) }),
				alone(plain, func(ctx context.Context, c *caller) error { return h.naive.holdUntilDone(ctx, bets(c)) }),
			}, nil
		},
	}
}

func holdSpread() Experiment {
	clients := []int{8, 16, 32, 64}
	return Experiment{
		Name: "spread",
		Rows: []Row{{Name: "hold_spread_1000", What: "1,000 callers over 1,000 missions, against the naive way at its best there", Unit: "bets/s",
			Value: "group commit, 1000 callers", Baseline: naiveNames(clients), Goal: Goal{AtLeast: 8}}},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			people, missions := newPeople(b.Scale.Users, rich), newIDs(1000)
			h, err := openLedgers(ctx, b, people, missions, directly)
			if err != nil {
				return nil, err
			}
			bets := onAny(people, missions)
			return append(h.plainBest(b, clients, bets), h.grouped(b, 1000, bets)), nil
		},
	}
}
