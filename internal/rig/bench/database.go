package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/migrations"
)

// rich covers every bet that a run can make; poor covers none.
const (
	rich ledger.Won = 1_000_000_000_000
	poor ledger.Won = 0
)

// betAmount is the amount of every bet of a bench.
const betAmount ledger.Won = 100

// person is a user with a wallet.
type person struct {
	id   uuid.UUID
	cash ledger.Won
}

// newPeople makes people with the same cash.
func newPeople(n int, cash ledger.Won) []person {
	all := make([]person, n)
	for i := range all {
		all[i] = person{newID(), cash}
	}
	return all
}

// newID makes a UUIDv7, as the API does for people and missions.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func newIDs(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = newID()
	}
	return ids
}

// ledgerDatabase makes a users database with people, each charged with their cash, and missions. It
// keeps the people in order in bench_people, for statements that take some of them. The pool has one connection.
func (b *Bench) ledgerDatabase(ctx context.Context, people []person, missions []uuid.UUID) (dsn string, pool *pgxpool.Pool, err error) {
	const table = `CREATE TABLE bench_people (place integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, cash bigint NOT NULL)`
	if dsn, err = b.database(ctx, b.servers.Users, migrations.Users); err != nil {
		return "", nil, err
	}
	if pool, err = b.pool(ctx, dsn, 1); err != nil {
		return "", nil, err
	}
	if err := execute(ctx, pool, table); err != nil {
		return "", nil, err
	}
	if err := copyPeople(ctx, pool, "bench_people", people); err != nil {
		return "", nil, err
	}
	// A charge may have the id of its user.
	err = execute(ctx, pool,
		`INSERT INTO users (id, email, password_hash, display_name) SELECT id, id || '@example.com', 'none', 'someone' FROM bench_people`,
		`INSERT INTO wallets (user_id, cash) SELECT id, cash FROM bench_people`,
		`INSERT INTO ledger (id, kind, user_id, amount, balance_after) SELECT id, 'charge', id, cash, cash FROM bench_people WHERE cash > 0`)
	if err != nil {
		return "", nil, err
	}
	if err := openEscrows(ctx, pool, missions); err != nil {
		return "", nil, err
	}
	return dsn, pool, vacuum(ctx, pool)
}

func copyPeople(ctx context.Context, pool *pgxpool.Pool, table string, people []person) error {
	return copyRows(ctx, pool, table, []string{"id", "cash"}, people, func(p person) []any { return []any{p.id, p.cash} })
}

func openEscrows(ctx context.Context, pool *pgxpool.Pool, missions []uuid.UUID) error {
	return copyRows(ctx, pool, "escrows", []string{"mission_id"}, missions, func(id uuid.UUID) []any { return []any{id} })
}

// copyRows writes a row for each item into a table.
func copyRows[T any](ctx context.Context, pool *pgxpool.Pool, table string, columns []string, items []T, row func(T) []any) error {
	rows := pgx.CopyFromSlice(len(items), func(i int) ([]any, error) { return row(items[i]), nil })
	if _, err := pool.CopyFrom(ctx, pgx.Identifier{table}, columns, rows); err != nil {
		return fmt.Errorf("write %d rows of %s: %w", len(items), table, err)
	}
	return nil
}

// vacuum brings a database to the state it has after a while: statistics are known and loaded data
// is on the disk, so that no measurement pays for it.
func vacuum(ctx context.Context, pool *pgxpool.Pool) error {
	return execute(ctx, pool, `VACUUM ANALYZE`, `CHECKPOINT`)
}

// execute runs statements, each in a transaction of its own.
func execute(ctx context.Context, pool *pgxpool.Pool, statements ...string) error {
	for _, statement := range statements {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// pool opens a database until the end of the experiment.
func (b *Bench) pool(ctx context.Context, dsn string, connections int32) (*pgxpool.Pool, error) {
	pool, err := openPool(ctx, dsn, connections)
	if err == nil {
		b.closing(pool.Close)
	}
	return pool, err
}

// openPool opens as many connections as requested at once, so that no measurement pays for opening
// one.
func openPool(ctx context.Context, dsn string, connections int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read a database's address: %w", err)
	}
	config.MaxConns, config.MinConns = connections, connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a database: %w", err)
	}
	return pool, nil
}
