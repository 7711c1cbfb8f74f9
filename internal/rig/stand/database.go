package stand

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/migrations"
)

// CloneDatabase creates the database called name on the server at adminDSN as a copy
// of a migrated template, and returns its DSN. The first caller makes the template;
// test binaries that run side by side wait for it. An empty instance means a
// database without tables.
func CloneDatabase(ctx context.Context, adminDSN string, instance migrations.Instance, name string) (string, error) {
	template := "template0"
	if instance != "" {
		var err error
		if template, err = ensureTemplate(ctx, adminDSN, instance); err != nil {
			return "", fmt.Errorf("template of the %s database: %w", instance, err)
		}
	}
	create := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", quote(name), quote(template))
	if err := Exec(ctx, adminDSN, create); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	return withDatabase(adminDSN, name)
}

// RecreateDatabase drops the database if it is there and creates it again, empty and
// without tables.
func RecreateDatabase(ctx context.Context, adminDSN, name string) error {
	drop := fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", quote(name))
	if err := Exec(ctx, adminDSN, drop); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	if err := Exec(ctx, adminDSN, "CREATE DATABASE "+quote(name)); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// DropDatabase removes the database that dsn leads to, closing its connections.
func DropDatabase(ctx context.Context, adminDSN, dsn string) error {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("read the DSN: %w", err)
	}
	return Exec(ctx, adminDSN, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", quote(cfg.Database)))
}

// ensureTemplate returns the name of a database that holds exactly the migrations in
// this binary. It is built under another name and renamed, so a name that exists is
// always whole, even if a builder was killed.
func ensureTemplate(ctx context.Context, adminDSN string, instance migrations.Instance) (_ string, err error) {
	fingerprint, err := migrations.Fingerprint(instance)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("template_%s_%s", instance, fingerprint)
	conn, err := pgx.Connect(ctx, adminDSN)
	if err != nil {
		return "", err
	}
	// Closing the session also frees its advisory lock.
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if found, err := databaseExists(ctx, conn, name); err != nil || found {
		return name, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey(name)); err != nil {
		return "", err
	}
	if found, err := databaseExists(ctx, conn, name); err != nil || found {
		return name, err
	}
	return name, buildTemplate(ctx, adminDSN, instance, name)
}

func buildTemplate(ctx context.Context, adminDSN string, instance migrations.Instance, name string) error {
	building := name + "_building"
	if err := RecreateDatabase(ctx, adminDSN, building); err != nil {
		return err
	}
	dsn, err := withDatabase(adminDSN, building)
	if err != nil {
		return err
	}
	if _, err := migrations.Up(ctx, dsn, instance); err != nil {
		return err
	}
	// Nobody may connect to a template: a copy waits until every session has left it.
	for _, sql := range []string{
		fmt.Sprintf("ALTER DATABASE %s WITH IS_TEMPLATE true ALLOW_CONNECTIONS false", quote(building)),
		fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", quote(building), quote(name)),
	} {
		if err := Exec(ctx, adminDSN, sql); err != nil {
			return err
		}
	}
	return nil
}

func databaseExists(ctx context.Context, conn *pgx.Conn, name string) (found bool, err error) {
	const sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
	err = conn.QueryRow(ctx, sql, name).Scan(&found)
	return found, err
}

// lockKey makes an advisory lock's number from a name.
func lockKey(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return int64(h.Sum64())
}

// withDatabase is the DSN of another database on the same server.
func withDatabase(adminDSN, name string) (string, error) {
	cfg, err := pgx.ParseConfig(adminDSN)
	if err != nil {
		return "", fmt.Errorf("read the DSN: %w", err)
	}
	return (&Postgres{Port: int(cfg.Port)}).DSN(name), nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
