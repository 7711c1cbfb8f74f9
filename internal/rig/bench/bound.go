package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

const boundName = "loop inside the server"

// boundBatch is the size of the loop's batches: the step's own largest.
const boundBatch = 1000

// boundSchema is the loop. Each turn makes a batch of bets by people drawn at random, writes the
// same rows that hold_batch writes, without any check, and commits. It leaves out what a client adds
// (the network, encoding, gathering) and what the checks cost, so this is the limit of this
// Postgres with one connection.
const boundSchema = `
	CREATE TABLE bench_people (place integer PRIMARY KEY, id uuid NOT NULL);
	CREATE PROCEDURE bench_loop(spell interval, mission uuid, batch integer, OUT bets bigint) LANGUAGE plpgsql AS $$
	DECLARE
		until timestamptz := clock_timestamp() + spell;
		people integer;
	BEGIN
		SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
		SELECT count(*) INTO people FROM bench_people;
		CREATE TEMPORARY TABLE IF NOT EXISTS drawn (bet uuid, user_id uuid);
		bets := 0;
		WHILE clock_timestamp() < until LOOP
			TRUNCATE drawn;
			INSERT INTO drawn SELECT bench_uuidv7(bets + n), p.id
				FROM (SELECT n, 1 + floor(random() * people)::integer AS place FROM generate_series(1, batch) AS n) AS d
				JOIN bench_people p USING (place) ORDER BY p.id;
			UPDATE wallets w SET cash = cash - s.amount
				FROM (SELECT user_id, 100 * count(*) AS amount FROM drawn GROUP BY user_id) AS s WHERE w.user_id = s.user_id;
			INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
				SELECT bet, 'hold', user_id, mission, 100, 100 FROM drawn;
			INSERT INTO contributions AS c (mission_id, user_id, amount)
				SELECT mission, user_id, 100 * count(*) FROM drawn GROUP BY user_id
				ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = c.amount + excluded.amount;
			UPDATE escrows SET inflow = inflow + 100 * batch, version = version + 1 WHERE mission_id = mission;
			COMMIT;
			bets := bets + batch;
		END LOOP;
	END $$;
	-- The time in milliseconds, a number and random bits, as in RFC 9562.
	CREATE FUNCTION bench_uuidv7(n bigint) RETURNS uuid LANGUAGE sql VOLATILE AS $$
		SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' ||
			lpad(to_hex(n & 4095), 3, '0') || '8' || substr(md5(random()::text), 1, 15))::uuid $$;`

// bound makes the loop a subject, on a ledger of its own.
func bound(ctx context.Context, b *Bench, people []person) (Subject, error) {
	none := Subject{}
	dsn, err := b.UsersDatabase(ctx)
	if err != nil {
		return none, err
	}
	mission := newID()
	if err := fillLedger(ctx, b, dsn, people, []uuid.UUID{mission}); err != nil {
		return none, err
	}
	pool, err := openPool(ctx, b, dsn, 1)
	if err != nil {
		return none, err
	}
	if _, err := pool.Exec(ctx, boundSchema); err != nil {
		return none, fmt.Errorf("make the loop: %w", err)
	}
	ids := make([][16]byte, len(people))
	for i, p := range people {
		ids[i] = p.id
	}
	const draw = `INSERT INTO bench_people SELECT place, id FROM unnest($1::uuid[]) WITH ORDINALITY AS p (id, place)`
	if _, err := pool.Exec(ctx, draw, ids); err != nil {
		return none, fmt.Errorf("number the people: %w", err)
	}
	return Subject{Name: boundName, Measure: func(ctx context.Context) (Figures, error) {
		perSecond, err := loop(ctx, pool, mission, b.Scale.Spell)
		return Figures{boundName: perSecond}, err
	}}, nil
}

func loop(ctx context.Context, pool *pgxpool.Pool, mission uuid.UUID, spell time.Duration) (perSecond float64, err error) {
	began := time.Now()
	var bets int64
	if err := pool.QueryRow(ctx, `CALL bench_loop($1, $2, $3, NULL)`, spell, mission, boundBatch).Scan(&bets); err != nil {
		return 0, err
	}
	return float64(bets) / time.Since(began).Seconds(), nil
}
