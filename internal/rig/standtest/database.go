// Package standtest gives a test real servers of its own: a migrated Postgres database
// cloned in milliseconds, and a project of its own on the Firestore and Pub/Sub
// emulators. Tests can therefore run in parallel and need no mocks.
//
// The servers are started once for a whole test run by `local exec`, which passes
// their addresses through the environment. Without them a test fails; it is never
// skipped. This package is apart from stand so that no program imports testing.
package standtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/migrations"
)

// dropTimeout bounds the removal of a test's database.
const dropTimeout = 30 * time.Second

// UsersDatabase returns the DSN of a new, migrated, empty users database. It is
// dropped when the test ends.
func UsersDatabase(t testing.TB) string {
	t.Helper()
	return database(t, stand.EnvUsersDSN, migrations.Users)
}

// MissionsDatabase returns the DSN of a new, migrated, empty missions database. It is
// dropped when the test ends.
func MissionsDatabase(t testing.TB) string {
	t.Helper()
	return database(t, stand.EnvMissionsDSN, migrations.Missions)
}

// EmptyDatabase returns the DSN of a new database without any table, on the users
// server. It is dropped when the test ends.
func EmptyDatabase(t testing.TB) string {
	t.Helper()
	return database(t, stand.EnvUsersDSN, "")
}

func database(t testing.TB, env string, instance migrations.Instance) string {
	t.Helper()
	dsn, drop, err := clone(t.Context(), env, instance, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return dsn
}

// clone makes a database on the server that the environment variable names, and
// returns how to drop it.
func clone(ctx context.Context, env string, instance migrations.Instance, label string) (dsn string, drop func() error, err error) {
	server, err := lookup(env)
	if err != nil {
		return "", nil, err
	}
	if dsn, err = stand.CloneDatabase(ctx, server, instance, uniqueName(label)); err != nil {
		return "", nil, fmt.Errorf("make a test database: %w", err)
	}
	drop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := stand.DropDatabase(ctx, server, dsn); err != nil {
			return fmt.Errorf("drop the test database: %w", err)
		}
		return nil
	}
	return dsn, drop, nil
}

// Firestore returns a project id of the test's own on the Firestore emulator. The
// client finds the emulator by FIRESTORE_EMULATOR_HOST, which is set.
func Firestore(t testing.TB) string {
	t.Helper()
	require(t, stand.EnvFirestoreHost)
	return projectID()
}

// PubSub returns a project id of the test's own on the Pub/Sub emulator. The client
// finds the emulator by PUBSUB_EMULATOR_HOST, which is set.
func PubSub(t testing.TB) string {
	t.Helper()
	require(t, stand.EnvPubSubHost)
	return projectID()
}

func require(t testing.TB, env string) string {
	t.Helper()
	value, err := lookup(env)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func lookup(env string) (string, error) {
	value := os.Getenv(env)
	if value == "" {
		return "", fmt.Errorf("%s is not set: this test needs real servers. Run it through `make test` or `go run ./run/local exec -- go test ./...`", env)
	}
	return value, nil
}

// projectID follows Google's rules: 6 to 30 lower-case letters, digits and hyphens.
func projectID() string { return "test-" + strings.ToLower(rand.Text()[:16]) }

// uniqueName names a test's database on the server, in at most 63 bytes.
func uniqueName(label string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(label))
	return fmt.Sprintf("t_%.40s_%s", name, strings.ToLower(rand.Text()[:12]))
}
