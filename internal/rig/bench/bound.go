package bench

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const boundName = "loop inside the server"

// boundBatch is the size of the loop's batches: the step's own largest.
const boundBatch = 1000

// boundSchema is the loop. Each turn makes a batch of bets by people drawn at random, writes the
// same rows that hold_batch writes, without any check, and commits. It leaves out what a client adds
// (the network, encoding, gathering) and what the checks cost, so this is the limit of this
// Postgres with one connection.
const boundSchema = `
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
			INSERT INTO drawn SELECT bench_bet_id(mission), p.id
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
	END $$;`

// betIDFunction makes ids like newBet's.
const betIDFunction = `CREATE FUNCTION bench_bet_id(mission uuid) RETURNS uuid LANGUAGE sql VOLATILE AS $$
	SELECT (left(mission::text, 14) || '8' || substr(md5(random()::text), 1, 19))::uuid $$`

// bound makes the loop a subject, on a ledger of its own.
func bound(ctx context.Context, b *Bench, people []person) (Subject, error) {
	mission := newID()
	_, pool, err := b.ledgerDatabase(ctx, people, []uuid.UUID{mission})
	if err != nil {
		return Subject{}, err
	}
	if err := execute(ctx, pool, betIDFunction, boundSchema); err != nil {
		return Subject{}, err
	}
	return single(boundName, func(ctx context.Context) (float64, error) {
		began := time.Now()
		var bets float64
		err := pool.QueryRow(ctx, `CALL bench_loop($1, $2, $3, NULL)`, b.Scale.Spell, mission, boundBatch).Scan(&bets)
		return bets / time.Since(began).Seconds(), err
	}), nil
}
