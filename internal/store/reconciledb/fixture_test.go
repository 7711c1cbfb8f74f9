package reconciledb_test

import (
	"testing"

	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/reconciledb"
)

// fixture is a users instance of a test's own, with what these tests look at.
type fixture struct {
	storetest.Users
	*reconciledb.DB
	t testing.TB
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	l := storetest.NewUsers(t)
	return fixture{Users: l, DB: l.Books, t: t}
}
