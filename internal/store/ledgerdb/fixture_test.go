package ledgerdb_test

import (
	"testing"

	"example.com/missionpot/internal/rig/steptest"
)

// fixture is a users instance of a test's own, with what these tests look at.
type fixture struct {
	steptest.Ledger
	t testing.TB
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	return fixture{Ledger: steptest.NewLedger(t), t: t}
}
