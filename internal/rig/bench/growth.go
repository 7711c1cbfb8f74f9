package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/event"
)

// growthCallers is the size of the crowd for growth.
const growthCallers = 256

// growth has one hot mission in each of several databases of different sizes, and measures each in
// turn: a large history must not slow a bet down.
func growth() Experiment {
	const first, second, third, old = "few users", "more users", "most users", "a long history"
	flat := Goal{AtLeast: 0.8}
	row := func(name, what, value string) Row {
		return Row{Name: name, What: what, Unit: "bets/s", Value: value, Baseline: []string{first}, Goal: flat}
	}
	return Experiment{
		Name: "growth",
		Rows: []Row{
			row("growth_users_100k", "256 callers with 100,000 users, against 10,000", second),
			row("growth_users_1m", "the same with 1,000,000 users", third),
			row("growth_rows_10m", "10,000 users and 10,000,000 rows in the ledger, against none", old),
			{Name: "growth_wal_1m", What: "write-ahead log per bet with 1,000,000 users, against 10,000", Unit: "bytes", Value: walOf(third), Baseline: []string{walOf(first)}, Less: true},
		},
		Setup: func(ctx context.Context, b *Bench) ([]Subject, error) {
			var subjects []Subject
			for i, size := range []struct {
				name string
				rows int
			}{{first, 0}, {second, 0}, {third, 0}, {old, b.Scale.GrownRows}} {
				users := b.Scale.GrownUsers[i%len(b.Scale.GrownUsers)] // the last one is as small as the first
				s, err := grown(ctx, b, size.name, users, size.rows)
				if err != nil {
					return nil, fmt.Errorf("prepare %s: %w", size.name, err)
				}
				subjects = append(subjects, s)
			}
			return subjects, nil
		},
	}
}

// grown is a hot mission in a database with so many users and old rows.
func grown(ctx context.Context, b *Bench, name string, users, rows int) (Subject, error) {
	people, missions := newPeople(users, rich), newIDs(1)
	dsn, err := b.UsersDatabase(ctx)
	if err != nil {
		return Subject{}, err
	}
	pool, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return Subject{}, err
	}
	if err := writeHistory(ctx, pool, people, rows); err != nil {
		return Subject{}, err
	}
	if err := fillLedger(ctx, b, dsn, people, missions); err != nil {
		return Subject{}, err
	}
	step, err := openStep(ctx, b, dsn)
	if err != nil {
		return Subject{}, err
	}
	bets := onAny(people, missions)
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		before, err := walOn(ctx, pool)
		if err != nil {
			return nil, err
		}
		var held atomic.Int64
		perSecond, err := crowd(ctx, b, growthCallers, func(ctx context.Context, c *caller) error {
			held.Add(1)
			return step.Handle(ctx, event.NewBetPlaced(bets(c)))
		})
		if err != nil {
			return nil, err
		}
		after, err := walOn(ctx, pool)
		return Figures{name: perSecond, walOf(name): (after - before) / float64(held.Load())}, err
	}}, nil
}

func walOf(name string) string { return name + ", write-ahead log" }

// historySchema drops the keys and indexes of the ledger and keeps the statements that create them
// again: many rows are written much faster without them.
const historySchema = `
	CREATE TEMPORARY TABLE bench_indexes AS
		SELECT coalesce(c.conname, i.indexrelid::regclass::text) AS name, c.conname IS NOT NULL AS key,
			CASE WHEN c.conname IS NULL THEN pg_get_indexdef(i.indexrelid)
				ELSE format('ALTER TABLE ledger ADD CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)) END AS again
		FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
		WHERE i.indrelid = 'ledger'::regclass;
	DO $$ DECLARE x record; BEGIN
		FOR x IN SELECT * FROM bench_indexes LOOP
			EXECUTE CASE WHEN x.key THEN format('ALTER TABLE ledger DROP CONSTRAINT %I', x.name) ELSE format('DROP INDEX %s', x.name) END;
		END LOOP;
	END $$;`

// historyAgain creates the keys and indexes as the migrations have them.
const historyAgain = `
	SET maintenance_work_mem = '512MB';
	DO $$ DECLARE x record; BEGIN
		FOR x IN SELECT * FROM bench_indexes LOOP EXECUTE x.again; END LOOP;
	END $$;
	RESET maintenance_work_mem;`

// writeHistory writes old bets of some people on old missions, with the UUIDv7 ids that they would
// have: the milliseconds before this hour, an index and random bits.
func writeHistory(ctx context.Context, pool *pgxpool.Pool, people []person, rows int) error {
	if rows == 0 {
		return nil
	}
	if _, err := pool.Exec(ctx, historySchema); err != nil {
		return fmt.Errorf("drop the ledger's indexes: %w", err)
	}
	ids := make([][16]byte, len(people))
	for i, p := range people {
		ids[i] = p.id
	}
	const write = `INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
		SELECT (lpad(to_hex($3::bigint + n), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
			'hold', p.id, $4, 100, 100
		FROM generate_series(1, $2::bigint) AS n
		JOIN unnest($1::uuid[]) WITH ORDINALITY AS p (id, place) ON p.place = n % cardinality($1::uuid[]) + 1`
	first := time.Now().Add(-time.Hour).UnixMilli() - int64(rows)
	if _, err := pool.Exec(ctx, write, ids, rows, first, newID()); err != nil {
		return fmt.Errorf("write %d old rows: %w", rows, err)
	}
	if _, err := pool.Exec(ctx, historyAgain); err != nil {
		return fmt.Errorf("create the ledger's indexes again: %w", err)
	}
	return nil
}

// walOn returns the position in the server's write-ahead log, in bytes.
func walOn(ctx context.Context, watch *pgxpool.Pool) (place float64, err error) {
	if err := watch.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8`).Scan(&place); err != nil {
		return 0, fmt.Errorf("read the position in the WAL: %w", err)
	}
	return place, nil
}
