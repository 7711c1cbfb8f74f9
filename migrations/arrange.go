package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Keep is how long a right stays after the first release that no longer names it. While a
// release moves the traffic the one before still runs, and it is the way back for as long
// as nobody looks further back than this.
const Keep = 30 * 24 * time.Hour

// right is one privilege of a program on a table, or on one column of it.
type right struct {
	program, table, privilege, column string
}

// Arrange gives each program's role its rights on the tables of this database, and keeps
// those that were struck from the table less than keep ago. Every other is taken away. A
// program without a role is an error: it would be locked out. Whoever calls it must own the
// tables.
func Arrange(ctx context.Context, db *sql.DB, instance Instance, roles map[string]string, keep time.Duration) error {
	for _, program := range Programs(instance) {
		if roles[program] == "" {
			return fmt.Errorf("arrange rights on %s: %s has no role", instance, program)
		}
	}
	if err := arrange(ctx, db, rights[instance], roles, keep); err != nil {
		return fmt.Errorf("arrange rights on %s: %w", instance, err)
	}
	return nil
}

func arrange(ctx context.Context, db *sql.DB, table map[string]map[string]string, roles map[string]string, keep time.Duration) (err error) {
	wanted, err := parseRights(table)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	if err := recordRights(ctx, tx, wanted, keep); err != nil {
		return err
	}
	given, err := readRights(ctx, tx)
	if err != nil {
		return err
	}
	present, err := presentRoles(ctx, tx, roles)
	if err != nil {
		return err
	}
	for _, program := range present {
		for _, statement := range arrangement(roles[program], given[program]) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%s: %q: %w", program, statement, err)
			}
		}
	}
	return tx.Commit()
}

// arrangement takes all rights away before it gives. Others see both at once.
func arrangement(role string, given []right) []string {
	to := pgx.Identifier{role}.Sanitize()
	byTable := map[string][]string{}
	for _, r := range given {
		privilege := r.privilege
		if r.column != "" {
			privilege += " (" + pgx.Identifier{r.column}.Sanitize() + ")"
		}
		byTable[r.table] = append(byTable[r.table], privilege)
	}
	statements := []string{
		"GRANT USAGE ON SCHEMA public TO " + to,
		"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM " + to,
	}
	for _, table := range slices.Sorted(maps.Keys(byTable)) {
		statements = append(statements, fmt.Sprintf("GRANT %s ON public.%s TO %s",
			strings.Join(byTable[table], ", "), pgx.Identifier{table}.Sanitize(), to))
	}
	return statements
}

var privilege = regexp.MustCompile(`(SELECT|INSERT|UPDATE|DELETE)(?: \(([a-z_]+(?:, [a-z_]+)*)\))?`)

// parseRights takes the table apart: "SELECT, UPDATE (a, b)" is three rights.
func parseRights(table map[string]map[string]string) (all []right, err error) {
	for program, tables := range table {
		for name, text := range tables {
			var read []string
			for _, m := range privilege.FindAllStringSubmatch(text, -1) {
				read = append(read, m[0])
				for column := range strings.SplitSeq(m[2], ", ") {
					all = append(all, right{program, name, m[1], column})
				}
			}
			if strings.Join(read, ", ") != text {
				return nil, fmt.Errorf("the rights of %s on %s can't be read: %q", program, name, text)
			}
		}
	}
	return all, nil
}

// recordRights notes what is wanted, since when the rest is not, and forgets what has not been
// for long enough.
func recordRights(ctx context.Context, tx *sql.Tx, wanted []right, keep time.Duration) error {
	columns := make([][]string, 4)
	for _, r := range wanted {
		for i, text := range []string{r.program, r.table, r.privilege, r.column} {
			columns[i] = append(columns[i], text)
		}
	}
	const these = `SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])`
	for _, statement := range []string{
		`INSERT INTO release.rights (program, table_name, privilege, column_name) ` + these + `
			ON CONFLICT (program, table_name, privilege, column_name) DO UPDATE SET struck_at = NULL WHERE rights.struck_at IS NOT NULL`,
		`UPDATE release.rights SET struck_at = now()
			WHERE struck_at IS NULL AND (program, table_name, privilege, column_name) NOT IN (` + these + `)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, columns[0], columns[1], columns[2], columns[3]); err != nil {
			return fmt.Errorf("record the rights: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM release.rights WHERE struck_at <= now() - make_interval(secs => $1)`, keep.Seconds()); err != nil {
		return fmt.Errorf("forget old rights: %w", err)
	}
	return nil
}

// readRights returns what is to be given, by program. A struck right on a table or a column that
// is gone is left out; one that a release names must be there.
func readRights(ctx context.Context, tx *sql.Tx) (given map[string][]right, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT program, table_name, privilege, column_name
		FROM release.rights, to_regclass('public.' || quote_ident(table_name)) AS relation
		WHERE struck_at IS NULL OR relation IS NOT NULL AND (column_name = '' OR EXISTS (
			SELECT FROM pg_attribute WHERE attrelid = relation AND attname = column_name AND NOT attisdropped))
		ORDER BY program, table_name, privilege, column_name`)
	if err != nil {
		return nil, fmt.Errorf("read the rights: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	given = map[string][]right{}
	for rows.Next() {
		var r right
		if err := rows.Scan(&r.program, &r.table, &r.privilege, &r.column); err != nil {
			return nil, fmt.Errorf("read the rights: %w", err)
		}
		given[r.program] = append(given[r.program], r)
	}
	return given, rows.Err()
}

// presentRoles are the programs whose roles this server has. One that has lost its last right
// here is among them as long as its role is.
func presentRoles(ctx context.Context, tx *sql.Tx, roles map[string]string) (programs []string, err error) {
	for _, program := range slices.Sorted(maps.Keys(roles)) {
		var there bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, roles[program]).Scan(&there); err != nil {
			return nil, fmt.Errorf("look for the role of %s: %w", program, err)
		}
		if there {
			programs = append(programs, program)
		}
	}
	return programs, nil
}
