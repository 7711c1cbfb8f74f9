package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Grant lets the members of a role read and write every table, and no more: they can't
// change the schema, truncate a table or change the table of applied migrations. Whoever
// calls it must own the tables. The triggers still apply, so the ledger is append-only
// for them too.
func Grant(ctx context.Context, db *sql.DB, role string) (err error) {
	to := pgx.Identifier{role}.Sanitize()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	defer func() {
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	for _, statement := range []string{
		"GRANT USAGE ON SCHEMA public TO " + to,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + to,
		"REVOKE ALL ON goose_db_version FROM " + to,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("grant to %s: %w", role, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	return nil
}
