package usersdb

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"example.com/missionpot/internal/core/ledger"
)

// DB is the users instance. It is safe for concurrent use.
type DB struct {
	pool *pgxpool.Pool
	// exact is set when the last batch did not fit the fast path, so that the
	// next one does not try it first.
	exact atomic.Bool
}

// Open connects to the instance. At most poolMax connections are open at once;
// the sum over all instances of all services must stay below the server's
// max_connections.
func Open(ctx context.Context, url string, poolMax int32, options ...Option) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the users database's address: %w", err)
	}
	config.MaxConns = poolMax
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	config.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableConnectionDetailsInAttributes())
	for _, option := range options {
		option(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the users database: %w", err)
	}
	if err := otelpgx.RecordStats(pool, otelpgx.WithStatsAttributes(semconv.DBClientConnectionPoolName("users"))); err != nil {
		pool.Close()
		return nil, fmt.Errorf("measure the users database's pool: %w", err)
	}
	return New(pool), nil
}

// New uses a pool that is open already.
func New(pool *pgxpool.Pool) *DB { return &DB{pool: pool} }

// Close waits for running queries and closes the connections.
func (d *DB) Close() { d.pool.Close() }

// Ping checks that the instance answers.
func (d *DB) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// Now returns the time of the instance's clock, which the ledger's times come from, in UTC.
func (d *DB) Now(ctx context.Context) (now time.Time, err error) {
	if err := d.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("read the users database's clock: %w", err)
	}
	return now.UTC(), nil
}

// SQLSTATE codes that this package distinguishes:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	codeDeadlock      = "40P01"
	codeSerialization = "40001"
	codeUnique        = "23505"
	codeForeignKey    = "23503"
	codeOvertaken     = "MP001" // our own, raised by hold_batch: the decision no longer fits
	codeNotFastRefund = "MP003" // our own, raised by refund_chunk: the chunk does not fit it
	codeOperator      = "MP002" // our own: an operator has no cash
)

// ledgerKey is the constraint that lets a bet be decided once.
const ledgerKey = "ledger_pkey"

func codeOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// constraintOf is the constraint that an error is about.
func constraintOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}

// lasting marks an error that the same input would cause again: the data is out
// of range (class 22) or violates a constraint (class 23).
func lasting(err error) error {
	if code := codeOf(err); len(code) == 5 && (code[:2] == "22" || code[:2] == "23") {
		return fmt.Errorf("%w: %w", ledger.ErrLasting, err)
	}
	return err
}

// inTx runs a function in a transaction. The function may run again, so it must
// have no effect outside the transaction.
func (d *DB) inTx(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, d.pool, f)
}

// raw converts ids to the form that pgx encodes directly.
func raw(ids []uuid.UUID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
