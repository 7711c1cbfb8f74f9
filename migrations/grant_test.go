package migrations_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/migrations"
)

const insufficientPrivilege = "42501" // SQLSTATE

func TestServicesUseTheTablesAndCannotChangeThem(t *testing.T) {
	t.Parallel()
	for instance, use := range map[migrations.Instance]string{
		migrations.Users:    "INSERT INTO users (id, email, password_hash, display_name) VALUES (gen_random_uuid(), 'a@example.com', 'x', 'A')",
		migrations.Missions: "SELECT count(*) FROM missions",
	} {
		services, service := serviceOf(t, instance)
		if err := migrations.Grant(t.Context(), services, service.role); err != nil {
			t.Fatal(err)
		}
		if _, err := service.conn.Exec(t.Context(), use); err != nil {
			t.Errorf("a service of %s can't do its work: %v", instance, err)
		}
		for _, refused := range []string{
			"CREATE TABLE more (id int)",
			"TRUNCATE " + string(instance) + " CASCADE",
			"DROP TABLE " + string(instance) + " CASCADE",
			"ALTER TABLE " + string(instance) + " DISABLE TRIGGER ALL",
			"DELETE FROM goose_db_version",
			"SELECT count(*) FROM release.rights",
		} {
			_, err := service.conn.Exec(t.Context(), refused)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != insufficientPrivilege {
				t.Errorf("a service of %s: %q returned %v, want insufficient privilege", instance, refused, err)
			}
		}
	}
}

func TestWithoutTheGrantAServiceSeesNothing(t *testing.T) {
	t.Parallel()
	_, service := serviceOf(t, migrations.Missions)
	var pg *pgconn.PgError
	if _, err := service.conn.Exec(t.Context(), "SELECT 1 FROM missions"); !errors.As(err, &pg) || pg.Code != insufficientPrivilege {
		t.Errorf("reading returned %v, want insufficient privilege", err)
	}
}

type service struct {
	role string    // the group
	conn *pgx.Conn // of a member
}

// serviceOf migrates an empty database and makes a role with one member. The
// database is open as its owner.
func serviceOf(t *testing.T, instance migrations.Instance) (*sql.DB, service) {
	t.Helper()
	dsn := standtest.EmptyDatabase(t)
	if _, err := migrations.Up(t.Context(), dsn, instance); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	group := "services_" + strings.ToLower(rand.Text())
	member := group + "_member"
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, statement := range []string{"RESET ROLE", "DROP OWNED BY " + group, "DROP ROLE " + member, "DROP ROLE " + group} {
			if _, err := conn.Exec(ctx, statement); err != nil {
				t.Errorf("clean up: %v", err)
			}
		}
		if err := errors.Join(conn.Close(ctx), db.Close()); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	for _, statement := range []string{"CREATE ROLE " + group, "CREATE ROLE " + member + " IN ROLE " + group, "SET ROLE " + member} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db, service{role: group, conn: conn}
}
