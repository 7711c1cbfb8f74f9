package ledgerdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// UnpublishedPots returns pots that changed at least that long ago and were not
// marked as published since: the program that changed them failed before it
// published them.
func (db *DB) UnpublishedPots(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Pot, error) {
	const read = `SELECT mission_id, inflow, contributors, version FROM escrows
		WHERE version > published_version AND changed_at < clock_timestamp() - $1::interval
		ORDER BY changed_at LIMIT $2`
	rows, _ := db.pool.Query(ctx, read, olderThan, limit)
	byMission, err := collectPots(rows)
	if err != nil {
		return nil, fmt.Errorf("read unpublished pots: %w", err)
	}
	return slices.Collect(maps.Values(byMission)), nil
}

// MarkPublished records which versions were published, so that the sweep does
// not publish them again. Losing a mark costs one more message.
func (db *DB) MarkPublished(ctx context.Context, pots []ledger.Pot) error {
	missions := make([]uuid.UUID, len(pots))
	versions := make([]int64, len(pots))
	for i, p := range pots {
		missions[i], versions[i] = p.MissionID, p.Version
	}
	const mark = `WITH locked AS (
			SELECT e.mission_id, p.version FROM escrows e JOIN unnest($1::uuid[], $2::bigint[]) AS p (id, version) ON e.mission_id = p.id
			WHERE e.published_version < p.version ORDER BY e.mission_id FOR UPDATE OF e
		)
		UPDATE escrows e SET published_version = locked.version FROM locked
		WHERE e.mission_id = locked.mission_id AND e.published_version < locked.version`
	var batch pgx.Batch
	batch.Queue(lazily)
	batch.Queue(mark, pg.IDs(missions), versions)
	if err := db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("mark %d pots as published: %w", len(pots), err)
	}
	return nil
}
