package missionsdb

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/pg"
)

// DB is the missions instance. It is safe for concurrent use.
type DB struct {
	// Limits bound how many missions Create makes for one user. The zero value
	// has no bounds.
	Limits mission.Limits

	pool *pg.Pool
}

// New makes the store on a pool, which the caller closes.
func New(pool *pg.Pool) *DB { return &DB{pool: pool} }

// columns are a mission's, of the table under the alias m, in the order that
// scanMission reads.
const columns = `
	m.id, m.creator_id, m.streamer_id, m.title, m.description, m.stake, m.time_limit_seconds,
	m.auto_accept, m.min_stake, m.max_stake, m.acceptance_seconds,
	m.status, m.deadline, m.revision, m.pot, m.contributors, m.pot_version,
	m.created_at, m.accepted_at, m.decided_at, m.settled_at`

// scanMission reads a row of columns and whatever the statement returns after
// them.
func scanMission(row pgx.Row, more ...any) (mission.Mission, error) {
	var m mission.Mission
	var limit, acceptance int64
	into := append([]any{
		&m.ID, &m.CreatorID, &m.StreamerID, &m.Title, &m.Description, &m.Stake, &limit,
		&m.AutoAccept, &m.Terms.MinStake, &m.Terms.MaxStake, &acceptance,
		&m.Status, &m.Deadline, &m.Revision, &m.Pot, &m.Contributors, &m.PotVersion,
		&m.CreatedAt, &m.AcceptedAt, &m.DecidedAt, &m.SettledAt,
	}, more...)
	if err := row.Scan(into...); err != nil {
		return mission.Mission{}, err
	}
	m.TimeLimit = time.Duration(limit) * time.Second
	m.Terms.Acceptance = time.Duration(acceptance) * time.Second
	m.Terms.AutoAccept = m.AutoAccept
	inUTC(&m)
	return m, nil
}

// inUTC makes equal missions compare equal, whatever zone the connection has.
func inUTC(m *mission.Mission) {
	for _, t := range []*time.Time{&m.Deadline, &m.CreatedAt, m.AcceptedAt, m.DecidedAt, m.SettledAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
}

// scanRow reads a row of columns alone.
func scanRow(row pgx.CollectableRow) (mission.Mission, error) { return scanMission(row) }

// found turns "no rows" into false.
func found(m mission.Mission, err error) (mission.Mission, bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return mission.Mission{}, false, nil
	}
	return m, err == nil, err
}
