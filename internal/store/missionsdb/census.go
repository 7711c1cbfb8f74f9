package missionsdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
)

// Census counts the missions under way, from the indexes that the sweeps use.
func (db *DB) Census(ctx context.Context) (mission.Census, error) {
	const undecided = `SELECT status, count(*) FROM missions WHERE status IN ('funding', 'proposed', 'active') GROUP BY status`
	const unsettled = `SELECT count(*), coalesce(clock_timestamp() - min(decided_at), '0')
		FROM missions WHERE decided_at IS NOT NULL AND settled_at IS NULL`
	c := mission.Census{ByStatus: map[mission.Status]int{mission.Funding: 0, mission.Proposed: 0, mission.Active: 0}}
	rows, _ := db.pool.Query(ctx, undecided)
	var status mission.Status
	var count int
	if _, err := pgx.ForEachRow(rows, []any{&status, &count}, func() error {
		c.ByStatus[status] = count
		return nil
	}); err != nil {
		return mission.Census{}, fmt.Errorf("count the missions: %w", err)
	}
	if err := db.pool.QueryRow(ctx, unsettled).Scan(&c.Unsettled, &c.OldestUnsettled); err != nil {
		return mission.Census{}, fmt.Errorf("count the unsettled missions: %w", err)
	}
	return c, nil
}
