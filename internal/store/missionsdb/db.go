// Package missionsdb is the missions instance: every mission, the pot it shows
// and its events. It exists so that the states of a mission are decided in one
// place, by the database, however many callers there are.
//
// A change is one conditional UPDATE that raises the mission's revision, and one
// event row, in one transaction. The condition of the UPDATE is the rule of
// mission.Transitions. Time is the database's clock, never the caller's. Copying
// the events to the live board comes after the commit and may be repeated.
package missionsdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"example.com/missionpot/internal/core/mission"
)

// statementTimeout ends a statement whose caller went away without cancelling,
// so that it can't hold a mission's row for ever. Every statement here touches
// few rows and takes milliseconds.
const statementTimeout = 10 * time.Second

// DB is the missions instance.
type DB struct {
	// Limits bound how many missions Create makes for one user. The zero value
	// has no bounds.
	Limits mission.Limits

	pool *pgxpool.Pool
}

// New uses a pool that is open already. The caller closes it.
func New(pool *pgxpool.Pool) *DB { return &DB{pool: pool} }

// Open makes a pool of at most poolMax connections; the sum over all instances of
// all services must stay below the server's max_connections. It connects lazily;
// Ping checks that the instance answers.
func Open(ctx context.Context, url string, poolMax int32, options ...Option) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("missions database: read the URL: %w", err)
	}
	config.MaxConns = poolMax
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	limit := strconv.FormatInt(statementTimeout.Milliseconds(), 10)
	config.ConnConfig.RuntimeParams["statement_timeout"] = limit
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = limit
	config.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableConnectionDetailsInAttributes())
	for _, option := range options {
		option(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("missions database: make the pool: %w", err)
	}
	if err := otelpgx.RecordStats(pool, otelpgx.WithStatsAttributes(semconv.DBClientConnectionPoolName("missions"))); err != nil {
		pool.Close()
		return nil, fmt.Errorf("missions database: measure the pool: %w", err)
	}
	return New(pool), nil
}

// Close closes the pool. It waits for the connections in use.
func (db *DB) Close() { db.pool.Close() }

// Ping checks that the instance answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("missions database: ping: %w", err)
	}
	return nil
}

// Now returns the time of the instance's clock, which deadlines are compared with, in UTC.
func (db *DB) Now(ctx context.Context) (now time.Time, err error) {
	if err := db.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("missions database: read the clock: %w", err)
	}
	return now.UTC(), nil
}

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

// collect reads every row with scanMission.
func collect(rows pgx.Rows, err error) ([]mission.Mission, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (mission.Mission, error) { return scanMission(row) })
}

// found turns "no rows" into false.
func found(m mission.Mission, err error) (mission.Mission, bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return mission.Mission{}, false, nil
	}
	return m, err == nil, err
}

// inTx runs fn in one transaction and commits it if fn returns no error.
func (db *DB) inTx(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, fn)
}
