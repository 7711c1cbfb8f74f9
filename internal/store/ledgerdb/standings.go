package ledgerdb

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// lazily makes the commit of a batch not wait for the disk. It is for data that
// may be lost in a crash because it is then written again, and never for cash.
const lazily = `SELECT set_config('synchronous_commit', 'off', true)`

// RaiseStandings raises the standings of some contributors to what they have
// contributed by now. A standing never falls, so calls may overtake each other.
func (db *DB) RaiseStandings(ctx context.Context, of []ledger.Contributor) error {
	missions, users := make([]uuid.UUID, len(of)), make([]uuid.UUID, len(of))
	for i, c := range of {
		missions[i], users[i] = c.MissionID, c.UserID
	}
	// Ordered, so that two callers never deadlock.
	const raise = `INSERT INTO standings AS s (mission_id, user_id, amount)
		SELECT c.mission_id, c.user_id, c.amount
		FROM unnest($1::uuid[], $2::uuid[]) AS t (mission_id, user_id) JOIN contributions c USING (mission_id, user_id)
		ORDER BY c.mission_id, c.user_id
		ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = excluded.amount WHERE s.amount < excluded.amount`
	var batch pgx.Batch
	batch.Queue(lazily)
	batch.Queue(raise, pg.IDs(missions), pg.IDs(users))
	if err := db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("raise %d standings: %w", len(of), err)
	}
	return nil
}

// CatchUpStandings makes the standings exact for missions that have had no bet
// for a while and whose standings may lag because the program that held the
// last bets failed before it raised them. It handles at most limit missions.
func (db *DB) CatchUpStandings(ctx context.Context, quiet time.Duration, limit int) error {
	const behind = `SELECT mission_id, version FROM escrows
		WHERE version > ranked_version AND changed_at < clock_timestamp() - $1::interval
		ORDER BY changed_at LIMIT $2`
	type lagging struct {
		MissionID uuid.UUID
		Version   int64
	}
	rows, _ := db.pool.Query(ctx, behind, quiet, limit)
	missions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lagging])
	if err != nil {
		return fmt.Errorf("read whose standings lag: %w", err)
	}
	for _, m := range missions {
		if err := db.catchUp(ctx, m.MissionID, m.Version); err != nil {
			return err
		}
	}
	return nil
}

// catchUp copies every contribution to a mission and records the version that
// was read before, because the contributions are at least that new.
func (db *DB) catchUp(ctx context.Context, mission uuid.UUID, version int64) error {
	const raise = `INSERT INTO standings AS s (mission_id, user_id, amount)
		SELECT mission_id, user_id, amount FROM contributions WHERE mission_id = $1 ORDER BY user_id
		ON CONFLICT (mission_id, user_id) DO UPDATE SET amount = excluded.amount WHERE s.amount < excluded.amount`
	const mark = `UPDATE escrows SET ranked_version = $2 WHERE mission_id = $1 AND ranked_version < $2`
	return db.pool.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, raise, mission); err != nil {
			return fmt.Errorf("raise the standings of mission %s: %w", mission, err)
		}
		if _, err := tx.Exec(ctx, mark, mission, version); err != nil {
			return fmt.Errorf("mark the standings of mission %s: %w", mission, err)
		}
		return nil
	})
}
