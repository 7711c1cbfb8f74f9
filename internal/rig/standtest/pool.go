package standtest

import (
	"context"
	"testing"

	"example.com/missionpot/internal/store/pg"
)

// Pool connects to a database, with at most so many connections. It is closed when the
// test ends.
func Pool(t testing.TB, dsn string, connections int32) *pg.Pool {
	t.Helper()
	pool, err := pg.Open(context.Background(), pg.Users, dsn, connections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
