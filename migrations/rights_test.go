package migrations_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/migrations"
)

// That a program may do all it needs is tested by the tests of all steps
// together (internal/rig/pipeline), of the API and of the operator's program
// (internal/rig/e2e): they run with these rights.
func TestNoProgramMayDoMoreThanItsWork(t *testing.T) {
	t.Parallel()
	anyProgram := []string{
		"UPDATE ledger SET amount = 1", "DELETE FROM ledger", "TRUNCATE ledger",
		"UPDATE contributions SET user_id = user_id", "DELETE FROM contributions", "DELETE FROM wallets", "UPDATE wallets SET user_id = user_id",
		"DELETE FROM escrows", "DELETE FROM mails", "DELETE FROM charges", "UPDATE charges SET amount = 1", "DELETE FROM users",
		"UPDATE mode_changes SET exit_only = false", "DELETE FROM operator_actions", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true)",
		"SELECT count(*) FROM release.rights", "UPDATE release.rights SET struck_at = NULL",
		"CREATE TABLE more (id int)", "ALTER TABLE ledger DISABLE TRIGGER ALL", "DROP TABLE ledger CASCADE",
	}
	only := map[string][]string{ // and nobody else
		"SELECT password_hash FROM users":                          {"api"},
		"SELECT hash FROM refresh_tokens":                          {"api"},
		"SELECT cash FROM wallets":                                 {"api", "checkbooks", "holdbets", "operator", "restore", "settlemission", "sweepbets"},
		"UPDATE wallets SET cash = cash":                           {"api", "holdbets", "restore", "settlemission", "sweepbets"},
		"UPDATE escrows SET inflow = inflow":                       {"holdbets", "restore"},
		"UPDATE escrows SET outflow = outflow":                     {"restore", "settlemission"},
		"UPDATE escrows SET state = 'closed'":                      {"restore", "settlemission"},
		"UPDATE mails SET attempts = 0":                            {"sendmail"},
		"DELETE FROM operators":                                    {"operator"},
		"DELETE FROM strays":                                       {"sweepbets"},
		"INSERT INTO charges (id) SELECT id FROM charges LIMIT 0":  {"api", "restore"},
		"UPDATE books_state SET seq = seq":                         {"checkbooks"},
		"DELETE FROM books_checks":                                 {"checkbooks", "operator"},
		"INSERT INTO mode_changes (exit_only) SELECT true LIMIT 0": {"checkbooks", "operator", "restore"},
		"UPDATE users SET streamer = true":                         {"api"},
		"INSERT INTO users (id) SELECT id FROM users LIMIT 0":      {"api"},
	}
	dsn := standtest.UsersDatabase(t)
	for program, as := range standtest.Programs(t, dsn, migrations.Users) {
		for _, statement := range anyProgram {
			refusedTo(t, program, as, statement)
		}
		for statement, may := range only {
			if !slices.Contains(may, program) {
				refusedTo(t, program, as, statement)
			} else if err := try(t, as, statement); err != nil {
				t.Errorf("%s may not %q: %v", program, statement, err)
			}
		}
	}
	board := standtest.MissionsDatabase(t)
	for program, as := range standtest.Programs(t, board, migrations.Missions) {
		for _, statement := range []string{
			"DELETE FROM missions", "DELETE FROM mission_events", "UPDATE mission_events SET mission = '{}'", "UPDATE missions SET streamer_id = creator_id",
			"UPDATE missions SET stake = 1", "TRUNCATE missions CASCADE", "CREATE TABLE more (id int)",
		} {
			refusedTo(t, program, as, statement)
		}
		if program != "growpot" && program != "closemission" {
			refusedTo(t, program, as, "UPDATE missions SET pot = 1")
		}
		if program != "closemission" && program != "restore" {
			refusedTo(t, program, as, "UPDATE missions SET settled_at = now()")
		}
		if slices.Contains([]string{"live", "checkbooks", "operator", "restore"}, program) {
			refusedTo(t, program, as, "UPDATE missions SET status = 'failed'")
		}
	}
}

func TestAProgramWithoutARoleIsAnError(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("pgx", standtest.UsersDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := migrations.Arrange(t.Context(), db, migrations.Users, map[string]string{"api": "postgres"}, migrations.Keep); err == nil {
		t.Error("rights are arranged although programs have no role, want an error")
	}
}

func refusedTo(t *testing.T, program, dsn, statement string) {
	t.Helper()
	var pg *pgconn.PgError
	if err := try(t, dsn, statement); !errors.As(err, &pg) || pg.Code != insufficientPrivilege {
		t.Errorf("%s: %q returned %v, want insufficient privilege", program, statement, err)
	}
}

func try(t *testing.T, dsn, statement string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), statement)
	return err
}
