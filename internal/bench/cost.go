package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/lab"
	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/usersdb"
)

// costBets is how many bets a price is told for.
const costBets = 1_000_000

// quantity is so much of something that has a price, for one bet.
type quantity struct {
	what   string
	price  Price
	perBet float64
	// measured tells a figure of this run from one that follows from the design.
	measured bool
}

func (q quantity) dollars() float64 { return q.perBet * costBets * q.price.Dollars }

// Cost measures what bets use on one hot mission, once as this system holds them
// and once the plain way, and writes what a million of them cost.
func Cost(ctx context.Context, parts lab.Parts, module string, scale Scale, out io.Writer, told *Progress) (err error) {
	stand, err := newStand(ctx, parts, module)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stand.Close()) }()
	b := &Bench{Scale: scale, Stand: stand, told: told}
	defer func() { err = errors.Join(err, b.undo()) }()
	people, missions := newPeople(scale.Users, rich), newIDs(1)
	here, err := b.useGrouped(ctx, people, missions)
	if err != nil {
		return fmt.Errorf("measure the group commit: %w", err)
	}
	plainly, err := b.usePlain(ctx, people, missions)
	if err != nil {
		return fmt.Errorf("measure the plain way: %w", err)
	}
	return errors.Join(writeCost(out, "this system", here.quantities()), writeCost(out, "the plain way", plainly.plainQuantities()))
}

// use is what bets used in a measurement.
type use struct {
	bets               float64
	sqlCPU, goCPU      float64 // seconds
	wal                float64 // bytes
	messages, messaged float64 // of PotChanged: how many, and their bytes
}

// quantities are this system's, for one bet. A bet is written once and never
// again, read once by the sweep, sent and pushed once; its batch sends one pot.
func (u use) quantities() []quantity {
	bet := placedSize()
	return []quantity{
		{"API: the log entry", firestoreWrite, 1, false},
		{"sweepbets: passes the log entry", firestoreRead, 1, false},
		{"API: the call", runRequest, 1, false},
		{"API: publishes BetPlaced, alone in its request", pubsubByte, max(pubsubLeast, bet), true},
		{"holdbets: BetPlaced is pushed", pubsubByte, max(pubsubLeast, bet), true},
		{"holdbets: the push", runRequest, 1, false},
		{"holdbets: processor, with the load generator", runSecond, u.goCPU / u.bets, true},
		{"holdbets: SQL", sqlSecond, u.sqlCPU / u.bets, true},
		{"holdbets: WAL", sqlByte, u.wal / u.bets, true},
		{"holdbets: PotChanged, sent and pushed", pubsubByte, 2 * max(pubsubLeast*u.messages, u.messaged) / u.bets, true},
		{"growpot: the push", runRequest, u.messages / u.bets, true},
	}
}

// plainQuantities are those of one function call and one transaction for each
// bet, which then writes the outcome into the log and the pot to its readers.
func (u use) plainQuantities() []quantity {
	bet := placedSize()
	return []quantity{
		{"API: the log entry", firestoreWrite, 1, false},
		{"function: the outcome in the log entry", firestoreWrite, 1, false},
		{"function: the pot on the live board", firestoreWrite, 1, false},
		{"API: the call", runRequest, 1, false},
		{"API: publishes the bet", pubsubByte, max(pubsubLeast, bet), true},
		{"function: the bet is pushed", pubsubByte, max(pubsubLeast, bet), true},
		{"function: the push", runRequest, 1, false},
		{"function: processor, with the load generator", runSecond, u.goCPU / u.bets, true},
		{"function: SQL", sqlSecond, u.sqlCPU / u.bets, true},
		{"function: WAL", sqlByte, u.wal / u.bets, true},
	}
}

// messageExtra is what Pub/Sub counts beside the body: attributes, a time and an
// id (https://cloud.google.com/pubsub/pricing).
const messageExtra = 160

func placedSize() float64 {
	now := time.Now()
	return size(event.PlacedBet(ledger.Bet{ID: newID(), MissionID: newID(), UserID: newID(), Amount: betAmount, LoggedAt: now, Deadline: now}))
}

func size(e event.Event) float64 {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // our own types can always be written
	}
	return float64(len(body) + messageExtra)
}

// counter is a bus that counts.
type counter struct{ messages, bytes atomic.Int64 }

func (c *counter) Publish(_ context.Context, events ...event.Event) error {
	for _, e := range events {
		c.messages.Add(1)
		c.bytes.Add(int64(size(e)))
	}
	return nil
}

func (b *Bench) useGrouped(ctx context.Context, people []person, missions []uuid.UUID) (use, error) {
	dsn, err := b.UsersDatabase(ctx)
	if err != nil {
		return use{}, err
	}
	if err := fillLedger(ctx, b, dsn, people, missions); err != nil {
		return use{}, err
	}
	db, err := usersdb.Open(ctx, dsn, holdPool)
	if err != nil {
		return use{}, err
	}
	b.Cleanup(func() error { db.Close(); return nil })
	watch, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return use{}, err
	}
	told := &counter{}
	step := holdbets.New(db, told)
	load := &arrivals{step: step, people: people, missions: missions}
	u, err := b.using(ctx, watch, func(ctx context.Context) (float64, error) {
		loaded, stop := context.WithTimeout(ctx, b.Scale.Steady)
		defer stop()
		load.run(loaded)
		return float64(len(load.times)), load.err
	})
	u.messages, u.messaged = float64(told.messages.Load()), float64(told.bytes.Load())
	return u, err
}

func (b *Bench) usePlain(ctx context.Context, people []person, missions []uuid.UUID) (use, error) {
	dsn, err := b.EmptyDatabase(ctx)
	if err != nil {
		return use{}, err
	}
	plain, err := openNaive(ctx, b, dsn, 8, people, missions)
	if err != nil {
		return use{}, err
	}
	watch, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return use{}, err
	}
	bets := onAny(people, missions)
	return b.using(ctx, watch, func(ctx context.Context) (float64, error) {
		var done atomic.Int64
		_, err := crowd(ctx, b, 8, func(ctx context.Context, c *caller) error {
			done.Add(1)
			return plain.holdUntilDone(ctx, bets(c))
		})
		return float64(done.Load()), err
	})
}

// using measures what the processors and the log of changes did meanwhile.
func (b *Bench) using(ctx context.Context, watch *pgxpool.Pool, run func(context.Context) (float64, error)) (use, error) {
	before, err := takeMeters(ctx, watch)
	if err != nil {
		return use{}, err
	}
	bets, err := run(ctx)
	if err != nil {
		return use{}, err
	}
	after, err := takeMeters(ctx, watch)
	if err != nil {
		return use{}, err
	}
	u := use{bets: bets, wal: after.wal - before.wal, goCPU: after.self - before.self}
	for pid, seconds := range after.postgres {
		u.sqlCPU += seconds - before.postgres[pid]
	}
	return u, nil
}

// meters are what has been used up to a moment.
type meters struct {
	self     float64         // CPU seconds of this program
	postgres map[int]float64 // CPU seconds of the server's processes
	wal      float64         // bytes
}

func takeMeters(ctx context.Context, watch *pgxpool.Pool) (meters, error) {
	m := meters{postgres: map[int]float64{}}
	if err := watch.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8`).Scan(&m.wal); err != nil {
		return m, fmt.Errorf("read the place in the WAL: %w", err)
	}
	var pids []int
	if err := watch.QueryRow(ctx, `SELECT array_agg(pid) FROM pg_stat_activity`).Scan(&pids); err != nil {
		return m, fmt.Errorf("list the server's processes: %w", err)
	}
	for _, pid := range pids {
		seconds, err := processCPU(pid)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended since
		}
		if err != nil {
			return m, err
		}
		m.postgres[pid] = seconds
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return m, fmt.Errorf("read this program's CPU time: %w", err)
	}
	m.self = seconds(self.Utime) + seconds(self.Stime)
	return m, nil
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// processCPU reads a process's CPU time: fields 14 and 15 of its stat, in
// hundredths of a second (proc_pid_stat(5)).
func processCPU(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // from field 3 on
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	return float64(user+system) / 100, nil
}

// writeCost writes one side's table.
func writeCost(out io.Writer, side string, quantities []quantity) error {
	fmt.Fprintf(out, "%d bets, %s (list prices of %s, us-central1)\n", costBets, side, PricesRead)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tprice\tper bet\tunit\tUS dollars\tfigure from")
	sum := 0.0
	for _, q := range quantities {
		from := "the design"
		if q.measured {
			from = "this run"
		}
		sum += q.dollars()
		fmt.Fprintf(w, "%s\t%s\t%.3g\t%s\t%.4f\t%s\n", q.what, q.price.Item, q.perBet, q.price.Unit, q.dollars(), from)
	}
	fmt.Fprintf(w, "sum\t\t\t\t%.4f\t\n\n", sum)
	return w.Flush()
}
