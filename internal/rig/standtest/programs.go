package standtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of database/sql

	"example.com/missionpot/migrations"
)

// Programs arranges a database's rights as in the cloud, and returns for each
// program the DSN under which a connection has that program's rights and no others.
func Programs(t testing.TB, dsn string, instance migrations.Instance) map[string]string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	roles, dsns := map[string]string{}, map[string]string{}
	for _, program := range migrations.Programs(instance) {
		roles[program] = "missionpot_" + program
		// Roles belong to the server, and other tests make the same ones.
		const create = `DO $$ BEGIN CREATE ROLE %s; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$`
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(create, roles[program])); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("role", roles[program])
		u.RawQuery = query.Encode()
		dsns[program] = u.String()
	}
	if err := errors.Join(migrations.Arrange(t.Context(), db, instance, roles, migrations.Keep), db.Close()); err != nil {
		t.Fatal(err)
	}
	return dsns
}
