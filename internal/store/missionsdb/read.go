package missionsdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/pg"
)

// ByID reads a mission. The error is fault.NotFound if there is none.
func (db *DB) ByID(ctx context.Context, id uuid.UUID) (mission.Mission, error) {
	const query = `SELECT ` + columns + ` FROM missions m WHERE m.id = $1`
	m, ok, err := found(scanMission(db.pool.QueryRow(ctx, query, id)))
	if err != nil {
		return mission.Mission{}, fmt.Errorf("read mission %s: %w", id, err)
	}
	if !ok {
		return mission.Mission{}, fault.NotFound.Because("there is no such mission")
	}
	return m, nil
}

// HasUnsettled reports whether a user is the creator or the streamer of a
// mission that is not settled.
func (db *DB) HasUnsettled(ctx context.Context, user uuid.UUID) (bool, error) {
	const query = `
		SELECT EXISTS (SELECT FROM missions WHERE streamer_id = $1 AND settled_at IS NULL)
		    OR EXISTS (SELECT FROM missions WHERE creator_id = $1 AND settled_at IS NULL)`
	var open bool
	if err := db.pool.QueryRow(ctx, query, user).Scan(&open); err != nil {
		return false, fmt.Errorf("look for missions of a user: %w", err)
	}
	return open, nil
}

// List reads missions, newest first. The ids are UUIDv7, so their order is that
// of creation.
func (db *DB) List(ctx context.Context, f mission.Filter) ([]mission.Mission, error) {
	// The conditions are built for each call: with one statement for all
	// filters ("$1 IS NULL OR …") Postgres would not use the indexes.
	var where []string
	var args []any
	and := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.StreamerID != uuid.Nil {
		and("m.streamer_id = $%d", f.StreamerID)
	}
	if f.CreatorID != uuid.Nil {
		and("m.creator_id = $%d", f.CreatorID)
	}
	if len(f.Statuses) > 0 {
		and("m.status = ANY($%d)", f.Statuses)
	}
	if f.Before != uuid.Nil {
		and("m.id < $%d", f.Before)
	}
	query := `SELECT ` + columns + ` FROM missions m`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	args = append(args, f.Limit)
	query += fmt.Sprintf(` ORDER BY m.id DESC LIMIT $%d`, len(args))
	rows, _ := db.pool.Query(ctx, query, args...)
	return pg.All(rows, scanRow, "list missions")
}
