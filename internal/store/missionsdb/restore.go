package missionsdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/rebuild"
	"example.com/missionpot/internal/store/pg"
)

// Rebuild inserts a mission into an instance that lost it, and an event of the
// kind if there is one. Its verdict is due at once unless it is settled. The
// creator's idempotency key is not stored anywhere else, so a key made from the
// mission's id replaces it. An existing mission is not changed.
func (db *DB) Rebuild(ctx context.Context, m mission.Mission, kind mission.EventKind) error {
	const insert = `
		INSERT INTO missions (id, creator_id, idempotency_key, request_hash, streamer_id, title, description,
		  stake, time_limit_seconds, auto_accept, min_stake, max_stake, acceptance_seconds, status, deadline, revision,
		  pot, contributors, pot_version, created_at, accepted_at, decided_at, settled_at, verdict_next_at)
		VALUES ($1::uuid, $2, 'restored-' || $1::uuid::text, '', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		  CASE WHEN $20::timestamptz IS NOT NULL AND $21::timestamptz IS NULL THEN now() END)
		ON CONFLICT (id) DO NOTHING`
	err := db.pool.InTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, insert, m.ID, m.CreatorID, m.StreamerID, m.Title, m.Description, m.Stake, int64(m.TimeLimit.Seconds()),
			m.AutoAccept, m.Terms.MinStake, m.Terms.MaxStake, int64(m.Terms.Acceptance.Seconds()), m.Status, m.Deadline, m.Revision,
			m.Pot, m.Contributors, m.PotVersion, m.CreatedAt, m.AcceptedAt, m.DecidedAt, m.SettledAt)
		if err != nil || done.RowsAffected() == 0 || kind == "" {
			return err
		}
		return record(ctx, tx, happened{kind, m})
	})
	if err != nil {
		return fmt.Errorf("rebuild mission %s: %w", m.ID, err)
	}
	return nil
}

// Reopen undoes a settlement in the missions database after the ledger was
// restored: the verdict is repeated, and the settlement that follows shows the
// ledger's figures.
func (db *DB) Reopen(ctx context.Context, id uuid.UUID) error {
	const reopen = `UPDATE missions SET settled_at = NULL, verdict_tries = 0, verdict_next_at = now() WHERE id = $1 AND settled_at IS NOT NULL`
	if _, err := db.pool.Exec(ctx, reopen, id); err != nil {
		return fmt.Errorf("reopen mission %s: %w", id, err)
	}
	return nil
}

// Page reads missions after an id, in the order of ids.
func (db *DB) Page(ctx context.Context, after uuid.UUID, limit int) ([]mission.Mission, error) {
	rows, _ := db.pool.Query(ctx, `SELECT `+columns+` FROM missions m WHERE m.id > $1 ORDER BY m.id LIMIT $2`, after, limit)
	return pg.All(rows, scanRow, "read missions")
}

// Creations reads how missions after an id were made, for a restore of the log.
func (db *DB) Creations(ctx context.Context, after uuid.UUID, limit int) ([]rebuild.Creation, error) {
	const read = `SELECT id, creator_id, idempotency_key, deadline FROM missions WHERE id > $1 ORDER BY id LIMIT $2`
	rows, _ := db.pool.Query(ctx, read, after, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (rebuild.Creation, error) {
		var c rebuild.Creation
		err := row.Scan(&c.MissionID, &c.CreatorID, &c.Key, &c.Deadline)
		c.Deadline = c.Deadline.UTC()
		return c, err
	}, "read how missions were made")
}

// MissionIDs lists missions after an id, in the order of ids.
func (db *DB) MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return missionIDs(ctx, db.pool, after, limit)
}

// CopyAgain marks the events of missions as not copied, for a board that lost them.
func (db *DB) CopyAgain(ctx context.Context, missions []uuid.UUID) error {
	const forget = `UPDATE mission_events SET copied_at = NULL WHERE mission_id = ANY($1) AND copied_at IS NOT NULL`
	if _, err := db.pool.Exec(ctx, forget, missions); err != nil {
		return fmt.Errorf("mark the events of %d missions as not copied: %w", len(missions), err)
	}
	return nil
}
