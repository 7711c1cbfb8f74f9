package pg

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Instance is a database server, and how long it lets a client take.
type Instance struct {
	Name string // in errors and metrics
	// Statement bounds one statement, including its waits for locks. It is far
	// longer than any of them takes, so it only ends one that is stuck, or
	// whose caller has gone away without cancelling it.
	Statement time.Duration
}

var (
	// Users is the users instance. Most statements take milliseconds, but a
	// sweep may find a large ranking or a day's strays after an outage. It has
	// 50 seconds (terraform/pipeline.json), and must not be ended before.
	Users = Instance{Name: "users", Statement: time.Minute}
	// Missions is the missions instance. Every statement there touches few rows
	// and takes milliseconds.
	Missions = Instance{Name: "missions", Statement: 10 * time.Second}
)

// idleLimit ends a transaction whose client sends nothing: the client has
// failed or is suspended. Between two statements a transaction only computes.
const idleLimit = 10 * time.Second

// Pool is the connections to one instance. It is safe for concurrent use.
type Pool struct {
	*pgxpool.Pool
	name string
}

// Option changes how Open connects.
type Option func(*pgxpool.Config)

// Through makes connections with a dialer instead of to the address in the URL.
// Nil changes nothing.
func Through(dial pgconn.DialFunc) Option {
	return func(config *pgxpool.Config) {
		if dial != nil {
			config.ConnConfig.DialFunc = dial
		}
	}
}

// Open makes a pool of at most so many connections. The sum over all instances
// of all services must stay below the server's max_connections.
func Open(ctx context.Context, in Instance, url string, connections int32, options ...Option) (*Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("%s database: read the URL: %w", in.Name, err)
	}
	config.MaxConns = connections
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	config.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(in.Statement)
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(idleLimit)
	config.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableConnectionDetailsInAttributes())
	for _, option := range options {
		option(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%s database: make the pool: %w", in.Name, err)
	}
	if err := otelpgx.RecordStats(pool, otelpgx.WithStatsAttributes(semconv.DBClientConnectionPoolName(in.Name))); err != nil {
		pool.Close()
		return nil, fmt.Errorf("%s database: measure the pool: %w", in.Name, err)
	}
	return &Pool{Pool: pool, name: in.Name}, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Ping checks that the instance answers.
func (p *Pool) Ping(ctx context.Context) error {
	if err := p.Pool.Ping(ctx); err != nil {
		return fmt.Errorf("%s database: ping: %w", p.name, err)
	}
	return nil
}

// Now returns the time of the instance's clock, in UTC. Rows get their times
// from it, and deadlines are compared with it.
func (p *Pool) Now(ctx context.Context) (now time.Time, err error) {
	if err := p.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("%s database: read the clock: %w", p.name, err)
	}
	return now.UTC(), nil
}

// Connections returns the number of client connections to the server, of all
// clients, and its limit.
func (p *Pool) Connections(ctx context.Context) (used, limit int, err error) {
	const read = `SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
		current_setting('max_connections')::int`
	if err := p.QueryRow(ctx, read).Scan(&used, &limit); err != nil {
		return 0, 0, fmt.Errorf("%s database: count the connections: %w", p.name, err)
	}
	return used, limit, nil
}

// InTx runs a function in a transaction, and commits it if the function returns
// no error.
func (p *Pool) InTx(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, p.Pool, do)
}

// Unhurried lifts the time limits of a transaction that has a deadline of its
// own, and returns the time of the instance's clock, in UTC.
func Unhurried(ctx context.Context, tx pgx.Tx) (now time.Time, err error) {
	const lift = `SELECT clock_timestamp(), set_config('statement_timeout', '0', true),
		set_config('idle_in_transaction_session_timeout', '0', true)`
	err = tx.QueryRow(ctx, lift).Scan(&now, nil, nil)
	return now.UTC(), err
}

// Querier is a pool or a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// IDs converts ids to the form that pgx encodes directly.
func IDs(ids []uuid.UUID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// All reads every row of a query. Its error says what was tried, in the form of
// fmt.Errorf, and includes the error of the query itself.
func All[T any](rows pgx.Rows, scan pgx.RowToFunc[T], tried string, args ...any) ([]T, error) {
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf(tried+": %w", append(args, err)...)
	}
	return all, nil
}
