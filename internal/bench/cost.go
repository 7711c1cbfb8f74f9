package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/functions/holdbets"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/lab"
	"example.com/missionpot/internal/usersdb"
)

// costBets is how many bets a price is given for.
const costBets = 1_000_000

// quantity is how much one bet uses of something that has a price.
type quantity struct {
	what   string
	price  Price
	perBet float64
	// designed marks a figure that follows from the design and was not measured in this run.
	designed bool
}

func (q quantity) dollars() float64 { return q.perBet * costBets * q.price.Dollars }

// Cost measures what bets on one hot mission use: in the whole system, of Postgres at a steady
// rate, and of Postgres in the plain version. It writes what a million of them cost.
func Cost(ctx context.Context, parts lab.Parts, module string, scale Scale, out io.Writer, progress *Progress) (err error) {
	stand, err := newStand(ctx, parts, module)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stand.Close()) }()
	b := &Bench{Scale: scale, Stand: stand, progress: progress}
	defer func() { err = errors.Join(err, b.undo()) }()
	whole, err := b.useSystem(ctx)
	if err != nil {
		return fmt.Errorf("measure the whole system: %w", err)
	}
	people, missions := newPeople(scale.Users, rich), newIDs(1)
	here, err := b.useGrouped(ctx, people, missions)
	if err != nil {
		return fmt.Errorf("measure the group commit: %w", err)
	}
	plainly, err := b.usePlain(ctx, people, missions)
	if err != nil {
		return fmt.Errorf("measure the plain version: %w", err)
	}
	return errors.Join(
		writeCost(out, "this system", append(whole.quantities(), here.sql("holdbets")...)),
		writeCost(out, "the plain version", append(whole.plainQuantities(), plainly.plainQuantities()...)))
}

// use is what Postgres and the programs used for bets in a measurement.
type use struct {
	bets          float64
	sqlCPU, goCPU float64 // seconds
	wal           float64 // bytes
}

func (u use) sql(step string) []quantity {
	return []quantity{
		{what: step + ": SQL", price: sqlSecond, perBet: u.sqlCPU / u.bets},
		{what: step + ": WAL", price: sqlByte, perBet: u.wal / u.bets},
	}
}

// quantities returns what this system uses for one bet, except for Postgres.
func (u systemUse) quantities() []quantity {
	per := func(n float64) float64 { return n / u.bets }
	all := []quantity{
		{what: "API: the log", price: firestoreWrite, perBet: per(u.api.writes)},
		{what: "API: reads", price: firestoreRead, perBet: per(u.api.reads)},
		{what: "growpot: the board", price: firestoreWrite, perBet: per(u.steps.writes)},
		{what: "growpot: reads", price: firestoreRead, perBet: per(u.steps.reads)},
		{what: "sweepbets: reads the log", price: firestoreRead, perBet: per(u.sweep)},
		{what: "checkbooks: reads the log", price: firestoreRead, perBet: per(u.check)},
		{what: "API: calls", price: runRequest, perBet: per(u.calls)},
	}
	for _, function := range slices.Sorted(maps.Keys(u.pushes)) {
		all = append(all, quantity{what: function + ": pushes", price: runRequest, perBet: per(u.pushes[function])})
	}
	all = append(all, messages("API", u.api, u.bets)...)
	all = append(all, messages("steps", u.steps, u.bets)...)
	return append(all,
		quantity{what: "API: processor", price: runSecond, perBet: per(u.apiCPU)},
		quantity{what: "steps: processor", price: runSecond, perBet: per(u.stepsCPU)})
}

// messages returns what a program published, topic by topic.
func messages(from string, b bill, bets float64) (all []quantity) {
	for _, topic := range slices.Sorted(maps.Keys(b.published)) {
		v := b.published[topic]
		all = append(all, quantity{what: from + ": " + topic + ", sent and pushed", price: pubsubByte, perBet: (v.sent + v.delivered*readers(topic)) / bets})
	}
	return all
}

// readers returns how many subscriptions a topic has.
func readers(topic string) (n float64) {
	for _, s := range event.Pipeline() {
		if string(s.Topic) == topic {
			n++
		}
	}
	return n
}

// plainQuantities returns what a version with one function call and one transaction per bet uses;
// its function also writes the outcome into the log and the pot to the live board. The API and the
// delivery of its bets are the same.
func (u systemUse) plainQuantities() []quantity {
	per := func(n float64) float64 { return n / u.bets }
	bets := u.api.published[string(event.Bets)]
	return []quantity{
		{what: "API: the log", price: firestoreWrite, perBet: per(u.api.writes)},
		{what: "API: reads", price: firestoreRead, perBet: per(u.api.reads)},
		{what: "function: the outcome in the log", price: firestoreWrite, perBet: 1, designed: true},
		{what: "function: the pot on the board", price: firestoreWrite, perBet: 1, designed: true},
		{what: "API: calls", price: runRequest, perBet: per(u.calls)},
		{what: "function: pushes", price: runRequest, perBet: 1, designed: true},
		{what: "API: bets, sent and pushed", price: pubsubByte, perBet: per(bets.sent + bets.delivered)},
		{what: "API: processor", price: runSecond, perBet: per(u.apiCPU)},
	}
}

func (u use) plainQuantities() []quantity {
	processor := quantity{what: "function: processor, with the load generator", price: runSecond, perBet: u.goCPU / u.bets}
	return append([]quantity{processor}, u.sql("function")...)
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
	step := holdbets.New(db, quiet{})
	load := &arrivals{step: step, people: people, missions: missions}
	return b.using(ctx, watch, func(ctx context.Context) (float64, error) {
		loaded, stop := context.WithTimeout(ctx, b.Scale.Steady)
		defer stop()
		load.run(loaded)
		return float64(len(load.times)), load.err
	})
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

// using measures the processor time and the write-ahead log that run uses.
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

// meters is what has been used up to a moment.
type meters struct {
	self     float64         // CPU seconds of this program
	postgres map[int]float64 // CPU seconds of the server's processes
	wal      float64         // bytes
}

func takeMeters(ctx context.Context, watch *pgxpool.Pool) (meters, error) {
	m := meters{postgres: map[int]float64{}}
	var err error
	if m.wal, err = walOn(ctx, watch); err != nil {
		return m, err
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

// walOn returns the position in the server's write-ahead log, in bytes.
func walOn(ctx context.Context, watch *pgxpool.Pool) (place float64, err error) {
	if err := watch.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8`).Scan(&place); err != nil {
		return 0, fmt.Errorf("read the position in the WAL: %w", err)
	}
	return place, nil
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
		from := "this run"
		if q.designed {
			from = "the design"
		}
		sum += q.dollars()
		fmt.Fprintf(w, "%s\t%s\t%.3g\t%s\t%.4f\t%s\n", q.what, q.price.Item, q.perBet, q.price.Unit, q.dollars(), from)
	}
	fmt.Fprintf(w, "sum\t\t\t\t%.4f\t\n\n", sum)
	return w.Flush()
}
