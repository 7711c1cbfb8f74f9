package missionsdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// ApplyPot shows a pot if its version is newer than the one shown. The first
// pot with cash in it means that the creator's stake is held: the mission
// leaves the state funding. A decided mission keeps its pot until Settle sets
// the final figures, so a late message never revives it.
//
// With nothing to change it returns the mission as it is and changed false. The
// error is fault.NotFound if there is no such mission.
func (db *DB) ApplyPot(ctx context.Context, p ledger.Pot) (m mission.Mission, changed bool, err error) {
	const query = `
		WITH next AS (
		  SELECT m.id, m.status AS was, clock_timestamp() AS at,
		    CASE WHEN m.status <> 'funding' THEN m.status WHEN m.auto_accept THEN 'active' ELSE 'proposed' END AS status
		  FROM missions m
		  WHERE m.id = $1 AND m.pot_version < $4
		    AND (m.status IN ('proposed', 'active') OR m.status = 'funding' AND $2 > 0)
		  FOR UPDATE
		)
		UPDATE missions m SET pot = $2, contributors = $3, pot_version = $4, ` + entry + `
		FROM next WHERE m.id = next.id
		RETURNING ` + columns + `, next.was`
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		var was mission.Status
		row := tx.QueryRow(ctx, query, p.MissionID, p.Amount, p.Contributors, p.Version)
		m, changed, err = found(scanMission(row, &was))
		if err != nil || !changed {
			return err
		}
		kind := mission.PotChanged
		if was != m.Status {
			kind = mission.Entered(m.Status)
		}
		return record(ctx, tx, happened{kind, m})
	})
	if err != nil {
		return mission.Mission{}, false, fmt.Errorf("show the pot of mission %s: %w", p.MissionID, err)
	}
	if changed {
		return m, true, nil
	}
	m, err = db.ByID(ctx, p.MissionID)
	return m, false, err
}

// Settle marks a decided mission as settled and shows the final pot. A mission
// that is settled already is returned as it is, with changed false.
//
// The error is fault.NotFound if there is no such mission. A settlement with
// another ending than the mission's is also an error: missions database and
// ledger disagree, and no order of messages explains that.
func (db *DB) Settle(ctx context.Context, s ledger.Settlement) (m mission.Mission, changed bool, err error) {
	const query = `
		UPDATE missions m SET pot = $3, contributors = $4, pot_version = $5, settled_at = $6,
		  verdict_next_at = NULL, revision = m.revision + 1
		WHERE m.id = $1 AND m.status = $2 AND m.settled_at IS NULL
		RETURNING ` + columns
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, query, s.MissionID, s.Ending, s.Pot.Amount, s.Contributors, s.Version, s.SettledAt)
		m, changed, err = found(scanMission(row))
		if err != nil || !changed {
			return err
		}
		return record(ctx, tx, happened{mission.WasSettled, m})
	})
	if err != nil {
		return mission.Mission{}, false, fmt.Errorf("settle mission %s: %w", s.MissionID, err)
	}
	if changed {
		return m, true, nil
	}
	if m, err = db.ByID(ctx, s.MissionID); err != nil {
		return mission.Mission{}, false, err
	}
	if ending, _ := m.Status.Ending(); ending != s.Ending {
		return mission.Mission{}, false, fmt.Errorf("settle mission %s as %s: it is %s", s.MissionID, s.Ending, m.Status)
	}
	return m, false, nil
}
