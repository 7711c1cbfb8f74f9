package missionsdb

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/store/pg"
)

// boardSnapshot is a snapshot of the instance, for the check of the books.
type boardSnapshot struct {
	tx  pgx.Tx
	now time.Time
}

// SnapshotMissions implements reconcile.Missions.
func (db *DB) SnapshotMissions(ctx context.Context, check func(context.Context, reconcile.MissionsSnapshot) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db.pool.Pool, options, func(tx pgx.Tx) error {
		// The snapshot waits while the ledger is read.
		now, err := pg.Unhurried(ctx, tx)
		if err != nil {
			return err
		}
		return check(ctx, &boardSnapshot{tx: tx, now: now})
	})
	if err != nil {
		return fmt.Errorf("open a snapshot of the missions: %w", err)
	}
	return nil
}

// Time implements reconcile.MissionsSnapshot.
func (s *boardSnapshot) Time() time.Time { return s.now }

// MissionIDs implements reconcile.MissionsSnapshot.
func (s *boardSnapshot) MissionIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return missionIDs(ctx, s.tx, after, limit)
}

func missionIDs(ctx context.Context, from pg.Querier, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, _ := from.Query(ctx, `SELECT id FROM missions WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	return pg.All(rows, pgx.RowTo[uuid.UUID], "list missions")
}

// Missions implements reconcile.MissionsSnapshot.
func (s *boardSnapshot) Missions(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]reconcile.Mission, error) {
	const read = `SELECT id, status, pot, contributors, pot_version, decided_at, settled_at FROM missions WHERE id = ANY($1)`
	found := make(map[uuid.UUID]reconcile.Mission, len(ids))
	rows, _ := s.tx.Query(ctx, read, ids)
	var m reconcile.Mission
	var decided, settled *time.Time
	_, err := pgx.ForEachRow(rows, []any{&m.ID, &m.Status, &m.Pot, &m.Contributors, &m.PotVersion, &decided, &settled}, func() error {
		m.DecidedAt, m.SettledAt = orZero(decided), orZero(settled)
		found[m.ID] = m
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %d missions: %w", len(ids), err)
	}
	return found, nil
}

func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}
