package missionsdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
)

// countAlone serializes the creations of one user, so that two at once don't
// both count as the last one allowed. Each statement after it takes a new
// snapshot.
func (db *DB) countAlone(ctx context.Context, tx pgx.Tx, creator uuid.UUID) error {
	if db.Limits.None() {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))`, creator); err != nil {
		return fmt.Errorf("lock the creations of a user: %w", err)
	}
	return nil
}

// checkLimits refuses a mission that was just inserted if its creator has made
// too many. Recent missions are counted from the newest rows only, so that the
// cost does not grow with the user's history.
func (db *DB) checkLimits(ctx context.Context, tx pgx.Tx, m mission.Mission) error {
	if db.Limits.None() {
		return nil
	}
	const query = `
		SELECT count(*), coalesce(min(created_at) + $4::interval - clock_timestamp(), '0'),
		  (SELECT count(*) FROM missions WHERE creator_id = $1 AND status IN ('funding', 'proposed', 'active')),
		  (SELECT count(*) FROM missions WHERE creator_id = $1 AND streamer_id = $2 AND status IN ('funding', 'proposed', 'active'))
		FROM (SELECT created_at FROM missions WHERE creator_id = $1 ORDER BY id DESC LIMIT $3) AS newest
		WHERE created_at > clock_timestamp() - $4::interval`
	var made mission.Made
	err := tx.QueryRow(ctx, query, m.CreatorID, m.StreamerID, db.Limits.CreatorNew+1, mission.LimitWindow).
		Scan(&made.CreatorNew, &made.NextIn, &made.CreatorOpen, &made.PairOpen)
	if err != nil {
		return fmt.Errorf("count the missions of a user: %w", err)
	}
	return db.Limits.Check(made)
}
