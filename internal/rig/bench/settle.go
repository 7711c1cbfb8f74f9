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
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/pg"
)

// settlePool is the step's own setting, from functions/functions.go.
const settlePool = 8

// backers are people who may all have put cash into the same mission, in a
// ledger of their own. Mission after mission fails and is refunded, so that
// every measurement finds the same wallets.
type backers struct {
	people []person
	pool   *pgxpool.Pool
	step   *settlemission.Step
}

func openBackers(ctx context.Context, b *Bench, n int) (*backers, error) {
	dsn, err := b.UsersDatabase(ctx)
	if err != nil {
		return nil, err
	}
	// Room for one refund each. No bets must be covered.
	people := newPeople(n, rich)
	if err := fillLedger(ctx, b, dsn, people, nil); err != nil {
		return nil, err
	}
	pool, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return nil, err
	}
	if err := numberPeople(ctx, pool, people); err != nil {
		return nil, err
	}
	users, err := pg.Open(ctx, pg.Users, dsn, settlePool)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() error { users.Close(); return nil })
	return &backers{people: people, pool: pool, step: settlemission.New(ledgerdb.New(users), quiet{})}, nil
}

// numberPeople stores the people in order, for statements that take the first so many of them.
func numberPeople(ctx context.Context, pool *pgxpool.Pool, people []person) error {
	ids := make([][16]byte, len(people))
	for i, p := range people {
		ids[i] = p.id
	}
	if _, err := pool.Exec(ctx, `CREATE TABLE bench_people (place integer PRIMARY KEY, id uuid NOT NULL)`); err != nil {
		return fmt.Errorf("number the people: %w", err)
	}
	const number = `INSERT INTO bench_people SELECT place, id FROM unnest($1::uuid[]) WITH ORDINALITY AS p (id, place)`
	if _, err := pool.Exec(ctx, number, ids); err != nil {
		return fmt.Errorf("number the people: %w", err)
	}
	return nil
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
	for _, statement := range []string{`VACUUM wallets`, `ANALYZE contributions`, `CHECKPOINT`} {
		if _, err := k.pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// fail makes the step settle a mission as failed.
func (k *backers) fail(ctx context.Context, mission uuid.UUID) error {
	return k.step.Handle(ctx, event.VerdictGiven{
		MissionID: mission, Ending: ledger.Failed, StreamerID: newID(), CreatorID: k.people[0].id,
		Title: settledTitle, DecidedAt: time.Now().UTC(),
	})
}

const settledTitle = "Finish the boss without a hit"

// refund times the step's refund of n contributors, in seconds: from the verdict to the last won,
// including the rows of the mails about it (rule 15).
func (k *backers) refund(n int, name string) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		mission, err := k.fund(ctx, n)
		if err != nil {
			return nil, err
		}
		if err := k.rest(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		err = k.fail(ctx, mission)
		took := time.Since(began)
		return Figures{name: took.Seconds()}, errorOr(err, k.check(ctx, mission, n))
	}}
}

// errorOr returns the first error that is not nil.
func errorOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		mission := newID()
		if err := k.prepareBulk(ctx, mission, n); err != nil {
			return nil, fmt.Errorf("prepare %d refunds: %w", n, err)
		}
		if _, err := k.pool.Exec(ctx, `ANALYZE bench_refunds`); err != nil {
			return nil, fmt.Errorf("prepare %d refunds: %w", n, err)
		}
		if err := k.rest(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		err := k.writeBulk(ctx, mission, n)
		took := time.Since(began)
		_, dropped := k.pool.Exec(ctx, `DROP TABLE bench_refunds`)
		return Figures{name: took.Seconds()}, errorOr(err, dropped)
	}}
}

func (k *backers) prepareBulk(ctx context.Context, mission uuid.UUID, n int) error {
	for _, statement := range []string{
		`CREATE TEMPORARY TABLE bench_ids (id uuid, user_id uuid)`,
		`CREATE TEMPORARY TABLE bench_refunds (id uuid, user_id uuid, balance bigint)`,
	} {
		if _, err := k.pool.Exec(ctx, statement); err != nil {
			return err
		}
	}
	row := func(i int) ([]any, error) {
		user := k.people[i].id
		return []any{ledger.RefundID(mission, user), user}, nil
	}
	if _, err := k.pool.CopyFrom(ctx, pgx.Identifier{"bench_ids"}, []string{"id", "user_id"}, pgx.CopyFromSlice(n, row)); err != nil {
		return err
	}
	const fill = `INSERT INTO bench_refunds SELECT i.id, i.user_id, w.cash + $1::bigint FROM bench_ids i JOIN wallets w USING (user_id) ORDER BY i.user_id`
	if _, err := k.pool.Exec(ctx, fill, int64(betAmount)); err != nil {
		return err
	}
	_, err := k.pool.Exec(ctx, `DROP TABLE bench_ids`)
	return err
}

func (k *backers) writeBulk(ctx context.Context, mission uuid.UUID, n int) error {
	tx, err := k.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
	amount := int64(betAmount)
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
			SELECT id, 'refund', user_id, $1, $2, balance FROM bench_refunds`, []any{mission, amount}},
		{`UPDATE wallets w SET cash = w.cash + $1 FROM bench_refunds r WHERE w.user_id = r.user_id`, []any{amount}},
		{`INSERT INTO mails (mission_id, user_id, role, ending, title, amount, total)
			SELECT $1, user_id, 'contributor', 'failed', $2, $3, $4 FROM bench_refunds`, []any{mission, settledTitle, amount, int64(n) * amount}},
	} {
		if _, err := tx.Exec(ctx, statement.sql, statement.args...); err != nil {
			return fmt.Errorf("write %d refunds: %w", n, err)
		}
	}
	return tx.Commit(ctx)
}

func settleRefund() Experiment {
	const few, fewBound, many, manyBound = "refund, fewer", "bulk, fewer", "refund, more", "bulk, more"
	return Experiment{
		Name: "refund",
		Rows: []Row{
			{Name: "settle_refund_100k", What: "a failed mission of 100,000 contributors, against the same rows written in bulk", Unit: "s",
				Value: few, Baseline: []string{fewBound}, Less: true, Speedup: true, Goal: Goal{AtLeast: 0.8}},
			{Name: "settle_refund_1m", What: "the same with 1,000,000 contributors", Unit: "s",
				Value: many, Baseline: []string{manyBound}, Less: true, Speedup: true, Goal: Goal{AtLeast: 0.8}},
			{Name: "settle_refund_growth", What: "ten times the contributors, against a tenth of them", Unit: "s",
				Value: many, Baseline: []string{few}, Less: true, Goal: Goal{AtMost: 12}},
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
