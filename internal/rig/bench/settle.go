package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/functions/settlemission"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// settlePool is the step's own setting, from functions/functions.go.
const settlePool = 8

// backers are people who may all have put cash into the same mission, in a ledger of their own.
// Mission after mission fails and is refunded, so that every measurement finds the same wallets.
type backers struct {
	people []person
	dsn    string
	pool   *pgxpool.Pool
	step   *settlemission.Step
}

func openBackers(ctx context.Context, b *Bench, n int) (*backers, error) {
	k := &backers{people: newPeople(n, rich)}
	var err error
	if k.dsn, k.pool, err = b.ledgerDatabase(ctx, k.people, nil); err != nil {
		return nil, err
	}
	db, err := openLedger(ctx, b, k.dsn, settlePool)
	k.step = settlemission.New(db, quiet{})
	return k, err
}

// fund makes a mission that the first n people have put cash in. It writes the rows of their bets
// that a settlement reads: contributions and the escrow.
func (k *backers) fund(ctx context.Context, n int) (uuid.UUID, error) {
	mission := newID()
	for _, statement := range []string{
		`INSERT INTO contributions (mission_id, user_id, amount) SELECT $1, id, $3 FROM bench_people WHERE place <= $2 ORDER BY id`,
		`INSERT INTO escrows (mission_id, inflow, contributors, version) VALUES ($1, $2::bigint * $3, $2, 1)`,
	} {
		if _, err := k.pool.Exec(ctx, statement, mission, n, int64(betAmount)); err != nil {
			return mission, fmt.Errorf("fund a mission with %d contributors: %w", n, err)
		}
	}
	return mission, nil
}

// rest brings the ledger to the state that every measurement starts with: the space of old row
// versions is free again and no writes are pending.
func (k *backers) rest(ctx context.Context) error {
	return execute(ctx, k.pool, `VACUUM wallets`, `ANALYZE contributions`, `CHECKPOINT`)
}

// timed rests and returns how long do takes, in seconds.
func (k *backers) timed(ctx context.Context, do func() error) (seconds float64, err error) {
	if err := k.rest(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	err = do()
	return time.Since(began).Seconds(), err
}

// fail makes the step settle a mission as failed.
func (k *backers) fail(ctx context.Context, mission uuid.UUID) error {
	return k.step.Handle(ctx, event.VerdictGiven{
		MissionID: mission, Ending: ledger.Failed, StreamerID: newID(), CreatorID: k.people[0].id,
		Title: settledTitle, DecidedAt: time.Now().UTC(),
	})
}

const settledTitle = "Finish the boss without a hit"

// refund times the step's refund of n contributors: from the verdict to the last won, including the
// rows of the mails about it (rule 15).
func (k *backers) refund(n int, name string) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		mission, err := k.fund(ctx, n)
		if err != nil {
			return 0, err
		}
		seconds, err := k.timed(ctx, func() error { return k.fail(ctx, mission) })
		if err != nil {
			return 0, err
		}
		return seconds, k.check(ctx, mission, n)
	})
}

// check checks that everyone got what they put in, so that a fast but wrong refund does not count.
func (k *backers) check(ctx context.Context, mission uuid.UUID, n int) error {
	const read = `SELECT outflow, settled_at IS NOT NULL, (SELECT count(*) FROM mails m WHERE m.mission_id = e.mission_id)
		FROM escrows e WHERE mission_id = $1`
	var out ledger.Won
	var settled bool
	var mails int
	if err := k.pool.QueryRow(ctx, read, mission).Scan(&out, &settled, &mails); err != nil {
		return fmt.Errorf("read a settled mission: %w", err)
	}
	if want := ledger.Won(n) * betAmount; out != want || !settled || mails != n+1 {
		return fmt.Errorf("refunded %s with %d mails, settled: %t; want %s and %d", out, mails, settled, want, n+1)
	}
	return nil
}

// bulk times the bound of the same refund: the same rows with the same keys and indexes, prepared
// in a table and written by one statement for each table in one transaction.
func (k *backers) bulk(n int, name string) Subject {
	return single(name, func(ctx context.Context) (float64, error) {
		mission := newID()
		if err := k.prepareBulk(ctx, mission, n); err != nil {
			return 0, err
		}
		seconds, err := k.timed(ctx, func() error { return k.writeBulk(ctx, mission, n) })
		if err != nil {
			return 0, fmt.Errorf("write %d refunds: %w", n, err)
		}
		return seconds, execute(ctx, k.pool, `DROP TABLE bench_refunds`)
	})
}

func (k *backers) prepareBulk(ctx context.Context, mission uuid.UUID, n int) error {
	if err := execute(ctx, k.pool, `CREATE TEMPORARY TABLE bench_ids (id uuid, user_id uuid)`); err != nil {
		return err
	}
	row := func(p person) []any { return []any{ledger.RefundID(mission, p.id), p.id} }
	if err := copyRows(ctx, k.pool, "bench_ids", []string{"id", "user_id"}, k.people[:n], row); err != nil {
		return err
	}
	return execute(ctx, k.pool, fmt.Sprintf(`CREATE TEMPORARY TABLE bench_refunds AS
		SELECT i.id, i.user_id, w.cash + %d AS balance FROM bench_ids i JOIN wallets w USING (user_id) ORDER BY i.user_id`, betAmount),
		`DROP TABLE bench_ids`, `ANALYZE bench_refunds`)
}

func (k *backers) writeBulk(ctx context.Context, mission uuid.UUID, n int) error {
	const (
		enter = `INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
			SELECT id, 'refund', user_id, $1, $2, balance FROM bench_refunds`
		credit = `UPDATE wallets w SET cash = w.cash + $1 FROM bench_refunds r WHERE w.user_id = r.user_id`
		mail   = `INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total)
			SELECT $1, user_id, 'contributor', 'failed', $2, $3, $4 FROM bench_refunds`
	)
	return pgx.BeginFunc(ctx, k.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, enter, mission, betAmount); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, credit, betAmount); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, mail, mission, settledTitle, betAmount, ledger.Won(n)*betAmount)
		return err
	})
}

func settleRefund() Experiment {
	const few, fewBound, many, manyBound = "refund, fewer", "bulk, fewer", "refund, more", "bulk, more"
	return Experiment{
		Name: "refund",
		Rows: []Row{
			{Name: "settle_refund_100k", What: "a failed mission of 100,000 contributors, against the same rows written in bulk", Unit: "s",
				Value: few, Baseline: []string{fewBound}, Speedup: true, Goal: Goal{AtLeast: 0.8}},
			{Name: "settle_refund_1m", What: "the same with 1,000,000 contributors", Unit: "s",
				Value: many, Baseline: []string{manyBound}, Speedup: true, Goal: Goal{AtLeast: 0.8}},
			{Name: "settle_refund_growth", What: "ten times the contributors, against a tenth of them", Unit: "s",
				Value: many, Baseline: []string{few}, Goal: Goal{AtMost: 12}},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			k, err := openBackers(ctx, b, b.Scale.ManyContributors)
			if err != nil {
				return nil, err
			}
			return []Subject{
				k.refund(b.Scale.Contributors, few), k.bulk(b.Scale.Contributors, fewBound),
				k.refund(b.Scale.ManyContributors, many), k.bulk(b.Scale.ManyContributors, manyBound),
			}, nil
		},
	}
}
