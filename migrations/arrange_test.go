package migrations_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/missionpot/migrations"
)

// table is what one release names, of one program.
type table map[string]string

var (
	before = table{"users": "SELECT, UPDATE (email, locale)", "wallets": "SELECT"}
	after  = table{"users": "SELECT (id, email), UPDATE (locale)"}
)

// What the release before does, and the one after no longer does.
var struckStatements = []string{"UPDATE users SET email = email", "SELECT display_name FROM users", "SELECT cash FROM wallets"}

// What both do.
var keptStatements = []string{"UPDATE users SET locale = 'en'", "SELECT id, email FROM users"}

func (s service) arrange(t *testing.T, db *sql.DB, rights table, keep time.Duration) {
	t.Helper()
	err := migrations.ArrangeTable(t.Context(), db, map[string]map[string]string{"api": rights}, map[string]string{"api": s.role}, keep)
	if err != nil {
		t.Fatal(err)
	}
}

// may checks that statements are allowed or refused.
func (s service) may(t *testing.T, want bool, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := s.conn.Exec(t.Context(), statement)
		var pg *pgconn.PgError
		if refused := errors.As(err, &pg) && pg.Code == insufficientPrivilege; want && err != nil || !want && !refused {
			t.Errorf("%q gives %v, want it allowed: %v", statement, err, want)
		}
	}
}

// later moves what was struck back in time.
func later(t *testing.T, db *sql.DB, by time.Duration) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), "UPDATE release.rights SET struck_at = struck_at - make_interval(secs => $1)", by.Seconds()); err != nil {
		t.Fatal(err)
	}
}

func TestTheReleaseBeforeKeepsItsRightsForAMonth(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	api.arrange(t, db, before, migrations.Keep)
	// A candidate that failed, the release that followed it, and the same once more.
	for range 3 {
		api.arrange(t, db, after, migrations.Keep)
		api.may(t, true, struckStatements...)
		api.may(t, true, keptStatements...)
	}
	later(t, db, migrations.Keep+time.Hour)
	api.may(t, true, struckStatements...) // no release has come since
	api.arrange(t, db, after, migrations.Keep)
	api.may(t, false, struckStatements...)
	api.may(t, true, keptStatements...)
}

func TestGoingBackGivesEveryRightAgain(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	for _, rights := range []table{before, after, before} {
		api.arrange(t, db, rights, migrations.Keep)
	}
	later(t, db, 2*migrations.Keep)
	api.arrange(t, db, before, migrations.Keep)
	api.may(t, true, struckStatements...)
	api.may(t, true, keptStatements...)
}

func TestARightIsTakenAtOnceWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	api.arrange(t, db, before, migrations.Keep)
	api.arrange(t, db, after, 0)
	api.may(t, false, struckStatements...)
	api.may(t, true, keptStatements...)
}

func TestAProgramThatLosesItsLastRightIsArrangedToo(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	api.arrange(t, db, before, migrations.Keep)
	api.arrange(t, db, nil, 0)
	api.may(t, false, append(struckStatements, keptStatements...)...)
}

// A contracting migration comes with the release that strikes the right, or after it.
func TestAStruckRightOnWhatIsGoneStopsNothing(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	exec := func(statement string) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE passing (a int, b int)")
	exec("CREATE TABLE gone (a int)")
	api.arrange(t, db, table{"passing": "SELECT, UPDATE (a, b)", "gone": "SELECT"}, migrations.Keep)
	exec("ALTER TABLE passing DROP COLUMN b")
	exec("DROP TABLE gone")
	api.arrange(t, db, table{"passing": "SELECT"}, migrations.Keep)
	api.may(t, true, "SELECT a FROM passing", "UPDATE passing SET a = a")
	err := migrations.ArrangeTable(t.Context(), db, map[string]map[string]string{"api": {"gone": "SELECT"}}, map[string]string{"api": api.role}, migrations.Keep)
	if err == nil {
		t.Error("a right on a table that is not there is given, want an error")
	}
}

func TestARightThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	db, api := serviceOf(t, migrations.Users)
	for _, text := range []string{"select", "SELECT; DROP TABLE users", "SELECT(id)", "SELECT,INSERT", "TRUNCATE", ""} {
		err := migrations.ArrangeTable(t.Context(), db, map[string]map[string]string{"api": {"users": text}}, map[string]string{"api": api.role}, migrations.Keep)
		if (err == nil) != (text == "") {
			t.Errorf("rights %q: %v", text, err)
		}
	}
}

// Going back to a release whose files are fewer.
func TestAnOlderReleaseFindsANewerSchema(t *testing.T) {
	t.Parallel()
	db, _ := serviceOf(t, migrations.Users)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
	if applied, err := migrations.UpDB(t.Context(), db, migrations.Users); err != nil || len(applied) > 0 {
		t.Errorf("applied %v: %v, want nothing", applied, err)
	}
}
