package bench

import (
	"context"
	"fmt"

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
			{Name: "growth_wal_1m", What: "write-ahead log per bet with 1,000,000 users, against 10,000", Unit: "bytes", Value: walOf(third), Baseline: []string{walOf(first)}},
		},
		Setup: func(ctx context.Context, b *Bench) (subjects []Subject, err error) {
			for _, size := range []struct {
				name        string
				users, rows int
			}{
				{first, b.Scale.GrownUsers[0], 0}, {second, b.Scale.GrownUsers[1], 0}, {third, b.Scale.GrownUsers[2], 0},
				{old, b.Scale.GrownUsers[0], b.Scale.GrownRows},
			} {
				s, err := grown(ctx, b, size.name, size.users, size.rows)
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
	dsn, pool, err := b.ledgerDatabase(ctx, people, missions)
	if err != nil {
		return Subject{}, err
	}
	if rows > 0 {
		if err := writeHistory(ctx, pool, users, rows); err != nil {
			return Subject{}, err
		}
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
		perSecond, calls, err := crowd(ctx, b.Scale, growthCallers, func(ctx context.Context, c *caller) error {
			return step.Handle(ctx, event.NewBetPlaced(bets(c)))
		})
		if err != nil {
			return nil, err
		}
		after, err := walOn(ctx, pool)
		return Figures{name: perSecond, walOf(name): (after - before) / calls}, err
	}}, nil
}

func walOf(name string) string { return name + ", write-ahead log" }

// writeHistory writes old bets of some people on an old mission. It drops the keys and indexes of
// the ledger and creates them again, because many rows are written much faster without them.
func writeHistory(ctx context.Context, pool *pgxpool.Pool, users, rows int) error {
	const drop = `
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
		END $$`
	const again = `
		SET maintenance_work_mem = '512MB';
		DO $$ DECLARE x record; BEGIN
			FOR x IN SELECT * FROM bench_indexes LOOP EXECUTE x.again; END LOOP;
		END $$;
		RESET maintenance_work_mem`
	write := fmt.Sprintf(`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
		SELECT bench_bet_id(m.id), 'hold', p.id, m.id, 100, 100
		FROM (SELECT '%s'::uuid AS id) AS m, generate_series(1, %d) AS n
		JOIN bench_people p ON p.place = n %% %d + 1`, newID(), rows, users)
	if err := execute(ctx, pool, betIDFunction, drop, write, again); err != nil {
		return err
	}
	return vacuum(ctx, pool)
}

// walOn returns the position in the server's write-ahead log, in bytes.
func walOn(ctx context.Context, watch *pgxpool.Pool) (place float64, err error) {
	if err := watch.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8`).Scan(&place); err != nil {
		return 0, fmt.Errorf("read the position in the WAL: %w", err)
	}
	return place, nil
}
