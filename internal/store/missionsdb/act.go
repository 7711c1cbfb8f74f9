package missionsdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// entry is what entering a state sets. The statement that uses it has a CTE
// next (id, was, status, at) that has locked the rows: their state before and
// after, and the time.
//
// A verdict is first published by the program that recorded it. sweepmissions
// repeats it from a minute later on.
const entry = `
	status = next.status,
	revision = m.revision + 1,
	accepted_at = CASE WHEN next.status = 'active' THEN coalesce(m.accepted_at, next.at) ELSE m.accepted_at END,
	decided_at = CASE WHEN next.status IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded', 'withdrawn') THEN next.at END,
	verdict_next_at = CASE WHEN next.status IN ('succeeded', 'failed', 'expired', 'rejected', 'unfunded', 'withdrawn')
	                       THEN next.at + interval '1 minute' END,
	deadline = CASE
	  WHEN next.status = next.was THEN m.deadline
	  WHEN next.status = 'proposed' THEN next.at + make_interval(secs => m.acceptance_seconds)
	  WHEN next.status = 'active' THEN next.at + make_interval(secs => m.time_limit_seconds)
	  ELSE m.deadline END`

// Act accepts, rejects or judges a mission for its streamer, or withdraws it for
// its creator. The deadline is
// compared with the database's clock in the UPDATE that decides, so if two
// verdicts, or a verdict and the time limit, race, exactly one wins.
//
// The same action again, by the person who did it, changes nothing and returns the
// mission as it is.
//
// The errors are fault.NotFound, fault.NotStreamer, fault.NotCreator and
// fault.NotActive.
func (db *DB) Act(ctx context.Context, id, user uuid.UUID, a mission.Action) (mission.Mission, error) {
	switch a {
	case mission.Accept, mission.Reject, mission.Success, mission.Fail, mission.Withdraw:
	default:
		return mission.Mission{}, fmt.Errorf("act on mission %s: %q is not a person's action", id, a)
	}
	arrow := mission.Transitions(a)[0]
	m, changed, err := db.take(ctx, arrow, id, actor{user, a})
	if err != nil {
		return mission.Mission{}, fmt.Errorf("%s mission %s: %w", a, id, err)
	}
	if changed {
		return m, nil
	}
	return db.unchanged(ctx, a, id, user)
}

// unchanged returns a mission that the UPDATE found nothing to change in, or why
// the action is refused.
func (db *DB) unchanged(ctx context.Context, a mission.Action, id, user uuid.UUID) (mission.Mission, error) {
	m, err := db.ByID(ctx, id)
	if err == nil {
		err = m.MayAct(a, user)
	}
	switch {
	case err != nil:
		return mission.Mission{}, err
	case m.Did(a):
		return m, nil
	case m.Status == mission.Transitions(a)[0].From:
		return mission.Mission{}, fault.NotActive.Because("the time is up")
	}
	return mission.Mission{}, fault.NotActive.Because("the mission is " + string(m.Status))
}

// Unfund ends a mission whose stake was declined. A mission that has left the
// state funding is returned as it is, with changed false. The error is
// fault.NotFound if there is no such mission.
func (db *DB) Unfund(ctx context.Context, id uuid.UUID) (m mission.Mission, changed bool, err error) {
	m, changed, err = db.take(ctx, mission.Transitions(mission.Unfund)[0], id, actor{})
	if err != nil {
		return mission.Mission{}, false, fmt.Errorf("unfund mission %s: %w", id, err)
	}
	if changed {
		return m, true, nil
	}
	m, err = db.ByID(ctx, id)
	return m, false, err
}

// actor is the person who acts on a mission. The zero value is the system.
type actor struct {
	user   uuid.UUID
	action mission.Action
}

// take makes one transition, if the mission is in the state that the transition
// starts from and the person, if it is one, is whose action it is.
func (db *DB) take(ctx context.Context, arrow mission.Transition, id uuid.UUID, by actor) (m mission.Mission, changed bool, err error) {
	const query = `
		WITH next AS (
		  SELECT m.id, m.status AS was, $3::text AS status, clock_timestamp() AS at
		  FROM missions m
		  WHERE m.id = $1 AND m.status = $2
		    AND (NOT $4 OR m.deadline > clock_timestamp())
		    AND ($5::uuid IS NULL OR CASE WHEN $6 THEN m.creator_id ELSE m.streamer_id END = $5)
		  FOR UPDATE
		)
		UPDATE missions m SET ` + entry + `
		FROM next WHERE m.id = next.id
		RETURNING ` + columns
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, query, id, arrow.From, arrow.To, arrow.BeforeDeadline,
			uuid.NullUUID{UUID: by.user, Valid: by.action != ""}, by.action == mission.Withdraw)
		m, changed, err = found(scanMission(row))
		if err != nil || !changed {
			return err
		}
		return record(ctx, tx, happened{mission.Entered(arrow.To), m})
	})
	return m, changed, err
}
