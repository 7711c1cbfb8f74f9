package migrations_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/migrations"
)

func TestMigratesAnEmptyDatabaseOnceHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	for _, instance := range []migrations.Instance{migrations.Users, migrations.Missions} {
		dsn := standtest.EmptyDatabase(t)
		first, err := migrations.Up(t.Context(), dsn, instance)
		if err != nil {
			t.Fatalf("first run on %s: %v", instance, err)
		}
		if len(first) == 0 || !slices.IsSorted(first) {
			t.Errorf("first run on %s applied %v, want every file in order", instance, first)
		}
		second, err := migrations.Up(t.Context(), dsn, instance)
		if err != nil {
			t.Fatalf("second run on %s: %v", instance, err)
		}
		if len(second) != 0 {
			t.Errorf("second run on %s applied %v, want nothing", instance, second)
		}
	}
}

func TestTwoJobsAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	dsn := standtest.EmptyDatabase(t)
	var mu sync.Mutex
	var applied []string
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			files, err := migrations.Up(t.Context(), dsn, migrations.Users)
			if err != nil {
				t.Errorf("up: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			applied = append(applied, files...)
		})
	}
	wg.Wait()
	slices.Sort(applied)
	if unique := slices.Compact(slices.Clone(applied)); len(unique) != len(applied) || len(unique) == 0 {
		t.Errorf("applied %v between them, want each file once", applied)
	}
}

func TestAnUnreachableDatabaseIsAnError(t *testing.T) {
	t.Parallel()
	// Port 1 of the machine itself: nothing listens there.
	if _, err := migrations.Up(t.Context(), "postgres://127.0.0.1:1/nothing", migrations.Users); err == nil {
		t.Error("migrating a database that is not there succeeded, want an error")
	}
}

func TestTheInstancesKeepTheirTablesApart(t *testing.T) {
	t.Parallel()
	users, missions := tables(t, standtest.UsersDatabase(t)), tables(t, standtest.MissionsDatabase(t))
	for _, table := range users {
		if slices.Contains(missions, table) && table != "goose_db_version" {
			t.Errorf("table %s is in both instances, want every fact in one", table)
		}
	}
}

func tables(t *testing.T, dsn string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}
