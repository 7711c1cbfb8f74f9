package standtest

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestEveryTestGetsAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := MissionsDatabase(t), MissionsDatabase(t)
	if first == second {
		t.Fatalf("two calls gave the same database %s, want one each", first)
	}
	for _, dsn := range []string{first, second, UsersDatabase(t)} {
		if n := count(t, dsn, "SELECT count(*) FROM goose_db_version WHERE version_id > 0"); n == 0 {
			t.Errorf("%s has no migration applied, want all", dsn)
		}
	}
}

func TestAnEmptyDatabaseHasNoTables(t *testing.T) {
	t.Parallel()
	dsn := EmptyDatabase(t)
	if n := count(t, dsn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
		t.Errorf("found %d tables, want none", n)
	}
}

func TestATestsDatabaseIsDroppedAtItsEnd(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("inner", func(t *testing.T) { dsn = UsersDatabase(t) })
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
		conn.Close(t.Context())
		t.Errorf("%s is still there after its test ended", dsn)
	}
}

func TestManyTestsCanCloneAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			UsersDatabase(t)
		})
	}
}

func TestEveryTestGetsAProjectOfItsOwn(t *testing.T) {
	t.Parallel()
	if a, b := Firestore(t), Firestore(t); a == b {
		t.Errorf("two calls gave the same Firestore project %s", a)
	}
	if a, b := PubSub(t), PubSub(t); a == b {
		t.Errorf("two calls gave the same Pub/Sub project %s", a)
	}
}

func count(t *testing.T, dsn, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
