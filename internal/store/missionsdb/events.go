package missionsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/pg"
)

// maxUncopied bounds one read of uncopied events. They are written to the board
// in one Firestore transaction, which is limited to 10 MiB; an event has at most
// about 6 KiB.
const maxUncopied = 100

// happened is a change and the mission after it.
type happened struct {
	kind    mission.EventKind
	mission mission.Mission
}

// record writes the event rows of changes. It must run in the transaction that
// made them.
func record(ctx context.Context, tx pgx.Tx, changes ...happened) error {
	const query = `
		INSERT INTO mission_events (mission_id, revision, kind, mission)
		SELECT e.id, e.revision, e.kind, e.snapshot::jsonb
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) AS e (id, revision, kind, snapshot)`
	ids := make([]uuid.UUID, len(changes))
	revisions := make([]int64, len(changes))
	kinds := make([]string, len(changes))
	snapshots := make([]string, len(changes))
	for i, c := range changes {
		snapshot, err := json.Marshal(c.mission.Snapshot())
		if err != nil {
			return fmt.Errorf("encode a snapshot: %w", err)
		}
		ids[i], revisions[i], kinds[i], snapshots[i] = c.mission.ID, c.mission.Revision, string(c.kind), string(snapshot)
	}
	if _, err := tx.Exec(ctx, query, ids, revisions, kinds, snapshots); err != nil {
		return fmt.Errorf("record events: %w", err)
	}
	return nil
}

// Uncopied reads the events of a mission that are not known to be on the board,
// oldest first, at most 100.
func (db *DB) Uncopied(ctx context.Context, id uuid.UUID) ([]mission.Event, error) {
	const query = `
		SELECT revision, kind, mission, created_at FROM mission_events
		WHERE mission_id = $1 AND copied_at IS NULL
		ORDER BY revision LIMIT $2`
	rows, _ := db.pool.Query(ctx, query, id, maxUncopied)
	return pg.All(rows, func(row pgx.CollectableRow) (e mission.Event, err error) {
		err = row.Scan(&e.Revision, &e.Kind, &e.Mission, &e.At)
		e.At = e.At.UTC()
		return e, err
	}, "read the events of mission %s", id)
}

// MarkCopied notes that the board has every event of a mission up to and
// including a revision.
func (db *DB) MarkCopied(ctx context.Context, id uuid.UUID, through int64) error {
	const query = `
		UPDATE mission_events SET copied_at = clock_timestamp()
		WHERE mission_id = $1 AND revision <= $2 AND copied_at IS NULL`
	if _, err := db.pool.Exec(ctx, query, id, through); err != nil {
		return fmt.Errorf("mark the events of mission %s as copied: %w", id, err)
	}
	return nil
}

// UncopiedMissions lists missions with events that have waited to be copied for
// longer than olderThan, those that waited longest first.
func (db *DB) UncopiedMissions(ctx context.Context, olderThan time.Duration, limit int) ([]uuid.UUID, error) {
	const query = `
		SELECT mission_id FROM mission_events
		WHERE copied_at IS NULL AND created_at < now() - make_interval(secs => $1)
		GROUP BY mission_id ORDER BY min(created_at) LIMIT $2`
	rows, _ := db.pool.Query(ctx, query, olderThan.Seconds(), limit)
	return pg.All(rows, pgx.RowTo[uuid.UUID], "list missions with uncopied events")
}
