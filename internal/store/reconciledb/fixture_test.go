package reconciledb_test

import (
	"testing"

	"example.com/missionpot/internal/rig/steptest"
	"example.com/missionpot/internal/store/reconciledb"
)

// fixture is a users instance of a test's own, with what these tests look at.
type fixture struct {
	steptest.Ledger
	*reconciledb.DB
	t testing.TB
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	l := steptest.NewLedger(t)
	return fixture{Ledger: l, DB: l.Books, t: t}
}
