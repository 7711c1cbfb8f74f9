package ledgerdb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// shardLock is the first key of the advisory locks of the sweep's shards; the
// shard's number is the second.
const shardLock = 0x5357 // "SW"

// WithShard runs a function while no other instance sweeps that shard of the
// bet log. It reports whether it ran. The lock belongs to the connection, so it
// ends with this process in any case.
func (db *DB) WithShard(ctx context.Context, shard int, sweep func(context.Context) error) (bool, error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("get a connection for shard %d: %w", shard, err)
	}
	defer conn.Release()
	var ours bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, shardLock, shard).Scan(&ours); err != nil {
		return false, fmt.Errorf("lock shard %d: %w", shard, err)
	}
	if !ours {
		return false, nil
	}
	defer func() {
		unlock, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(unlock, `SELECT pg_advisory_unlock($1, $2)`, shardLock, shard); err != nil {
			// A connection that can't unlock must not return to the pool with the lock.
			_ = conn.Conn().Close(unlock)
		}
	}()
	return true, sweep(ctx)
}

// Mark returns how far a shard of the bet log was swept.
func (db *DB) Mark(ctx context.Context, shard int) (ledger.Mark, error) {
	var m ledger.Mark
	err := db.pool.QueryRow(ctx, `SELECT logged_at, entry FROM sweep_marks WHERE shard = $1`, shard).Scan(&m.LoggedAt, &m.Entry)
	if err != nil {
		return m, fmt.Errorf("read the mark of shard %d: %w", shard, err)
	}
	m.LoggedAt = m.LoggedAt.UTC()
	return m, nil
}

// Advance moves a shard's mark and records the undecided bets it passes as
// strays, in one transaction: the mark passes a bet only if it is decided or a
// stray.
func (db *DB) Advance(ctx context.Context, shard int, m ledger.Mark, strays []ledger.Bet) error {
	ids, bets := make([]uuid.UUID, len(strays)), make([][]byte, len(strays))
	for i, b := range strays {
		encoded, err := json.Marshal(b)
		if err != nil {
			return fmt.Errorf("encode stray %s: %w", b.ID, err)
		}
		ids[i], bets[i] = b.ID, encoded
	}
	const insert = `INSERT INTO strays (bet_id, shard, bet, next_at)
		SELECT s.id, $1, s.bet, clock_timestamp() + interval '60 seconds'
		FROM unnest($2::uuid[], $3::jsonb[]) AS s (id, bet) ON CONFLICT DO NOTHING`
	const advance = `UPDATE sweep_marks SET logged_at = $2, entry = $3 WHERE shard = $1 AND (logged_at, entry) < ($2, $3)`
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		if len(strays) > 0 {
			if _, err := tx.Exec(ctx, insert, shard, pg.IDs(ids), bets); err != nil {
				return fmt.Errorf("record %d strays: %w", len(strays), err)
			}
		}
		_, err := tx.Exec(ctx, advance, shard, m.LoggedAt, m.Entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("advance the mark of shard %d: %w", shard, err)
	}
	return nil
}

// Undecided returns those of the bets that have no outcome yet.
func (db *DB) Undecided(ctx context.Context, bets []uuid.UUID) ([]uuid.UUID, error) {
	const read = `SELECT b.id FROM unnest($1::uuid[]) AS b (id) WHERE NOT EXISTS (SELECT FROM ledger l WHERE l.id = b.id)`
	rows, _ := db.pool.Query(ctx, read, pg.IDs(bets))
	return pg.All(rows, pgx.RowTo[uuid.UUID], "look for undecided bets")
}

// DueStrays deletes the strays that are decided by now and returns some of the
// others that are due to be published again. Each time a stray is returned its
// wait doubles, from one minute to at most six hours.
func (db *DB) DueStrays(ctx context.Context, limit int) ([]ledger.Bet, error) {
	const forget = `DELETE FROM strays s USING ledger l WHERE l.id = s.bet_id AND s.next_at <= clock_timestamp()`
	const due = `WITH due AS (
			SELECT bet_id FROM strays WHERE next_at <= clock_timestamp() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
		)
		UPDATE strays s SET attempts = s.attempts + 1,
			next_at = clock_timestamp() + least(interval '1 minute' * power(2, least(s.attempts, 10)), interval '6 hours')
		FROM due WHERE s.bet_id = due.bet_id
		RETURNING s.bet`
	if _, err := db.pool.Exec(ctx, forget); err != nil {
		return nil, fmt.Errorf("delete decided strays: %w", err)
	}
	rows, _ := db.pool.Query(ctx, due, limit)
	return pg.All(rows, pgx.RowTo[ledger.Bet], "read due strays")
}
