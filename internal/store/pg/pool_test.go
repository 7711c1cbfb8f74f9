package pg_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/pg"
)

// queryCanceled is the code of a statement that took too long.
const queryCanceled = "57014"

// open opens a pool with a limit on statements.
func open(t *testing.T, limit time.Duration, options ...pg.Option) *pg.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Instance{Name: "trial", Statement: limit}, standtest.EmptyDatabase(t), 4, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestConnectionsAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	used, limit, err := open(t, time.Minute).Connections(t.Context())
	if err != nil || used < 1 || limit < used {
		t.Errorf("%d of %d connections are used, error %v; want at least ours", used, limit, err)
	}
}

func TestTheClockIsTheServersInUTC(t *testing.T) {
	t.Parallel()
	now, err := open(t, time.Minute).Now(t.Context())
	if err != nil || now.Location() != time.UTC || time.Since(now).Abs() > time.Minute {
		t.Errorf("the clock says %v, error %v; want about now in UTC", now, err)
	}
}

func TestAStatementEndsAtTheLimitOfItsInstance(t *testing.T) {
	t.Parallel()
	_, err := open(t, 50*time.Millisecond).Exec(t.Context(), `SELECT pg_sleep(60)`)
	if pg.Code(err) != queryCanceled {
		t.Errorf("the error is %v, want the code %s", err, queryCanceled)
	}
}

func TestAnUnhurriedTransactionHasNoLimit(t *testing.T) {
	t.Parallel()
	pool := open(t, 50*time.Millisecond)
	err := pool.InTx(t.Context(), func(tx pgx.Tx) error {
		now, err := pg.Unhurried(t.Context(), tx)
		if err != nil || now.Location() != time.UTC || time.Since(now).Abs() > time.Minute {
			t.Errorf("the clock says %v, error %v; want about now in UTC", now, err)
		}
		_, err = tx.Exec(t.Context(), `SELECT pg_sleep(0.2)`)
		return err
	})
	if err != nil {
		t.Errorf("a slow statement: %v, want none", err)
	}
	if _, err := pool.Exec(t.Context(), `SELECT pg_sleep(60)`); pg.Code(err) != queryCanceled {
		t.Errorf("after it the error is %v, want the code %s", err, queryCanceled)
	}
}

func TestATransactionIsRolledBackByAnError(t *testing.T) {
	t.Parallel()
	pool, wrong := open(t, time.Minute), errors.New("wrong")
	err := pool.InTx(t.Context(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `CREATE TABLE made (id integer)`); err != nil {
			t.Error(err)
		}
		return wrong
	})
	var there bool
	if scan := pool.QueryRow(t.Context(), `SELECT to_regclass('made') IS NOT NULL`).Scan(&there); scan != nil || there || !errors.Is(err, wrong) {
		t.Errorf("error %v, the table is there: %v (%v); want the error and no table", err, there, scan)
	}
}

func TestErrorsNameTheInstance(t *testing.T) {
	t.Parallel()
	if _, err := pg.Open(t.Context(), pg.Users, "not a URL", 1); err == nil || !strings.HasPrefix(err.Error(), "users database: ") {
		t.Errorf("opening: %v, want the instance's name first", err)
	}
	refused := errors.New("refused")
	pool := open(t, time.Minute, pg.Through(func(context.Context, string, string) (net.Conn, error) { return nil, refused }))
	_, now := pool.Now(t.Context())
	_, _, connections := pool.Connections(t.Context())
	for _, err := range []error{pool.Ping(t.Context()), now, connections} {
		if !errors.Is(err, refused) || !strings.HasPrefix(err.Error(), "trial database: ") {
			t.Errorf("the error is %v, want the dialer's with the instance's name first", err)
		}
	}
}

func TestCodesAndConstraintsAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	pool := open(t, time.Minute)
	if _, err := pool.Exec(t.Context(), `CREATE TABLE people (id uuid CONSTRAINT people_pkey PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	_, err := pool.Exec(t.Context(), `INSERT INTO people SELECT unnest($1::uuid[])`, pg.IDs([]uuid.UUID{id, id}))
	if pg.Code(err) != pg.Unique || pg.Constraint(err) != "people_pkey" {
		t.Errorf("code %q and constraint %q of %v, want the unique one", pg.Code(err), pg.Constraint(err), err)
	}
	if plain := errors.New("plain"); pg.Code(plain) != "" || pg.Constraint(plain) != "" {
		t.Errorf("an error of no server has the code %q and the constraint %q", pg.Code(plain), pg.Constraint(plain))
	}
}
