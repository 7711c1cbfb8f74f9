// Package migrations holds the schema of both Postgres instances, embedded, and
// applies it. The users instance is the ledger, and the missions instance has
// the missions. Each has its own numbered files and its own version table.
//
// It exists so that the migration job, the local stand and the tests all run
// the same files.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	// The pgx driver for database/sql, which goose works on.
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed users/*.sql missions/*.sql
var files embed.FS

// Instance names one of the two Postgres instances.
type Instance string

// The instances, named like the folders of their files.
const (
	Users    Instance = "users"
	Missions Instance = "missions"
)

// Up applies every migration of the instance that the database at dsn lacks, each in
// its own transaction, and returns the names of the files applied, oldest first. A
// session advisory lock makes a second caller wait, at most five minutes.
func Up(ctx context.Context, dsn string, instance Instance) (applied []string, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open the %s database: %w", instance, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return UpDB(ctx, db, instance)
}

// UpDB is Up on a database that is open already. The caller closes it.
func UpDB(ctx context.Context, db *sql.DB, instance Instance) (applied []string, err error) {
	sources, err := fs.Sub(files, string(instance))
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", instance, err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sources,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s: %w", instance, err)
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err != nil {
		return applied, fmt.Errorf("migrate the %s database: %w", instance, err)
	}
	return applied, nil
}

// Fingerprint is a short hash of the instance's files. It changes with any of them,
// so a database made from them can be named after it.
func Fingerprint(instance Instance) (string, error) {
	entries, err := fs.ReadDir(files, string(instance))
	if err != nil {
		return "", fmt.Errorf("migrations of %s: %w", instance, err)
	}
	hash := sha256.New()
	for _, entry := range entries {
		text, err := fs.ReadFile(files, string(instance)+"/"+entry.Name())
		if err != nil {
			return "", fmt.Errorf("migrations of %s: %w", instance, err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:6]), nil
}
