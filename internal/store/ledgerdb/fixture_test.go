package ledgerdb_test

import (
	"testing"

	"example.com/missionpot/internal/rig/storetest"
)

// fixture is a users instance of a test's own, with what these tests look at.
type fixture struct {
	storetest.Users
	t testing.TB
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	return fixture{Users: storetest.NewUsers(t), t: t}
}
