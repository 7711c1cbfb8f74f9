package missionsdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/pg"
)

// Expire ends missions whose state's deadline has passed, those that waited
// longest first, and returns them. Sweeps that run at once share the work: each
// skips missions that another one has locked.
func (db *DB) Expire(ctx context.Context, limit int) ([]mission.Mission, error) {
	// The deadline is compared with now(), the start of the transaction, because
	// an index can't serve clock_timestamp(). It is the earlier of the two, so a
	// mission that it finds overdue can't get a verdict any more.
	const query = `
		WITH next AS (
		  SELECT m.id, m.status AS was, arrow.status, clock_timestamp() AS at
		  FROM missions m JOIN unnest($2::text[], $3::text[]) AS arrow (was, status) ON arrow.was = m.status
		  WHERE m.status IN ('funding', 'proposed', 'active') AND m.deadline <= now()
		  ORDER BY m.deadline LIMIT $1
		  FOR UPDATE OF m SKIP LOCKED
		)
		UPDATE missions m SET ` + entry + `
		FROM next WHERE m.id = next.id
		RETURNING ` + columns
	var from, to []string
	for _, arrow := range mission.Transitions(mission.TimeOut) {
		from, to = append(from, string(arrow.From)), append(to, string(arrow.To))
	}
	var missions []mission.Mission
	err := db.pool.InTx(ctx, func(tx pgx.Tx) (err error) {
		rows, _ := tx.Query(ctx, query, limit, from, to)
		if missions, err = pgx.CollectRows(rows, scanRow); err != nil {
			return err
		}
		changes := make([]happened, len(missions))
		for i, m := range missions {
			changes[i] = happened{mission.Entered(m.Status), m}
		}
		return record(ctx, tx, changes...)
	})
	if err != nil {
		return nil, fmt.Errorf("expire missions: %w", err)
	}
	return missions, nil
}

// Unsettled lists decided missions whose settlement has not come and whose
// verdict is due to be published again, longest overdue first. Each of them is
// then due again after twice the time, from 2 minutes to about an hour.
func (db *DB) Unsettled(ctx context.Context, limit int) ([]mission.Mission, error) {
	const query = `
		WITH due AS (
		  SELECT m.id FROM missions m
		  WHERE m.decided_at IS NOT NULL AND m.settled_at IS NULL AND m.verdict_next_at <= now()
		  ORDER BY m.verdict_next_at LIMIT $1
		  FOR UPDATE SKIP LOCKED
		)
		UPDATE missions m SET
		  verdict_tries = m.verdict_tries + 1,
		  verdict_next_at = now() + interval '2 minutes' * power(2, least(m.verdict_tries, 5))
		FROM due WHERE m.id = due.id
		RETURNING ` + columns
	rows, _ := db.pool.Query(ctx, query, limit)
	return pg.All(rows, scanRow, "list unsettled missions")
}
