package migrations_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/lab/labtest"
	"example.com/missionpot/migrations"
)

// dropped are the facts that the squashed files leave out on purpose: functions that
// nothing calls, and a comment that stands in the file now, as all others do.
var dropped = regexp.MustCompile(`^function CREATE OR REPLACE FUNCTION public\.(hold_fast|refund_fast|hold_batch\(b_id uuid\[\], b_user integer\[\], b_mission integer\[\], b_amount bigint\[\], b_later)`)

// renamed are the constraints to which Postgres gave a number, or a name without sense.
var renamed = strings.NewReplacer(
	"comment=null on a sent one: its reader left before", "comment=",
	"users_check ", "users_stakes ",
	"escrows_check1 ", "escrows_closed ",
	"ledger_check ", "ledger_decline ",
	"ledger_check1 ", "ledger_charge ",
	"mode_changes_check ", "mode_changes_checked ",
	"password_resets_check ", "password_resets_lapse ",
	"missions_check ", "missions_not_for_oneself ",
	"missions_check1 ", "missions_decided ",
	"missions_check2 ", "missions_settled ",
)

var update = flag.Bool("update", false, "write the schemas to testdata")

// describe lists what a database is made of, one fact a line. The order of columns is
// left out: no statement depends on it.
const describe = `
WITH relation AS (
	SELECT c.*, n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('public', 'release') AND c.relname NOT LIKE 'goose_db_version%'
), fact (line) AS (
	SELECT format('%s %s kind=%s options=%s acl=%s comment=%s', 'relation', name, relkind, reloptions, relacl, obj_description(oid, 'pg_class'))
	FROM relation
	UNION ALL
	SELECT format('column %s.%s %s %s default=%s identity=%s generated=%s options=%s acl=%s storage=%s comment=%s', r.name, a.attname, format_type(a.atttypid, a.atttypmod),
		CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE 'NULL' END, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
		a.attoptions, a.attacl, a.attstorage, col_description(a.attrelid, a.attnum))
	FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE r.relkind IN ('r', 'v')
	UNION ALL
	SELECT format('constraint %s %s %s validated=%s', r.name, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
	FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid
	UNION ALL
	SELECT format('index %s', pg_get_indexdef(oid)) FROM relation WHERE relkind = 'i'
	UNION ALL
	SELECT format('trigger %s enabled=%s', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
	UNION ALL
	SELECT format('view %s %s', name, pg_get_viewdef(oid)) FROM relation WHERE relkind = 'v'
	UNION ALL
	SELECT format('function %s acl=%s', pg_get_functiondef(p.oid), p.proacl)
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('public', 'release')
	UNION ALL
	SELECT format('schema %s acl=%s', nspname, CASE WHEN nspname <> 'public' THEN nspacl END) FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'
	UNION ALL
	SELECT format('type %s', t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE n.nspname IN ('public', 'release') AND t.typtype IN ('d', 'e', 'r')
	UNION ALL
	SELECT format('extension %s', extname) FROM pg_extension
	UNION ALL
	SELECT format('rows %s %s', name, (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || name, false, true, '')))[1])
	FROM relation WHERE relkind = 'r'
)
SELECT replace(line, E'\n', '\n') FROM fact ORDER BY line COLLATE "C"`

func TestTheSchemaIsTheOneInTestdata(t *testing.T) {
	t.Parallel()
	for instance, dsn := range map[migrations.Instance]string{
		migrations.Users: labtest.UsersDatabase(t), migrations.Missions: labtest.MissionsDatabase(t),
	} {
		file := "testdata/" + string(instance) + ".schema"
		got := schema(t, dsn)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected(string(want)), strings.Split(got, "\n")); diff != "" {
			t.Errorf("the schema of %s differs from %s:\n%s", instance, file, diff)
		}
	}
}

// expected is a schema from before, as the squashed files make it.
func expected(before string) []string {
	lines := strings.Split(renamed.Replace(strings.TrimSpace(before)), "\n")
	lines = slices.DeleteFunc(lines, dropped.MatchString)
	slices.Sort(lines)
	return lines
}

func schema(t *testing.T, dsn string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), describe)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
