package reconciledb_test

import (
	"testing"
	"time"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func (f fixture) totals() ledger.Totals {
	f.t.Helper()
	a, err := f.Totals(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func TestAnEmptyLedgerHasNoTotals(t *testing.T) {
	t.Parallel()
	if got := newFixture(t).totals(); got != (ledger.Totals{}) {
		t.Errorf("the totals are %+v, want all zero", got)
	}
}

func TestTheTotalsShowNoDriftWhateverMovesAndEveryWonThatWasMade(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, mission := f.User(10_000), f.Escrow()
	f.MustHold(storetest.Bet(mission, user, 3000))
	if got, want := f.totals(), (ledger.Totals{Wallets: 7000, Escrows: 3000, Charged: 10_000}); got != want {
		t.Errorf("the totals are %+v, want %+v", got, want)
	}
	f.Exec(`UPDATE wallets SET cash = cash + 1`)
	if got := f.totals().Drift(); got != 1 {
		t.Errorf("drift is %d after a won was made, want 1", got)
	}
}

func TestTheTotalsHaveTheOldestBetWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, mission := f.User(10_000), f.Escrow()
	old, young := storetest.Bet(mission, user, 100), storetest.Bet(mission, user, 100)
	old.LoggedAt = old.LoggedAt.Add(-2 * time.Hour)
	young.LoggedAt = young.LoggedAt.Add(-time.Hour)
	if err := f.Advance(t.Context(), 0, ledger.Mark{LoggedAt: time.Now()}, []ledger.Bet{old, young}); err != nil {
		t.Fatal(err)
	}
	within(t, "the oldest undecided bet's age", f.totals().OldestUndecided, 2*time.Hour)
	f.MustHold(old)
	within(t, "the age once the oldest is decided", f.totals().OldestUndecided, time.Hour)
	f.MustHold(young)
	if got := f.totals().OldestUndecided; got != 0 {
		t.Errorf("the age is %v once all are decided, want 0", got)
	}
}

func TestTheTotalsHaveTheMailThatHasWaitedLongest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, mission := f.User(1000), f.Escrow()
	f.MustHold(storetest.Bet(mission, user, 1000))
	f.MustSettle(mission, ledger.Failed, f.User(0), user, 10)
	f.Exec(`UPDATE escrows SET closed_at = closed_at - interval '3 days'`)
	within(t, "the unsent mail's age", f.totals().OldestUnsent, 72*time.Hour)
	f.Exec(`UPDATE mails SET state = 'sent'`)
	if got := f.totals().OldestUnsent; got != 0 {
		t.Errorf("the age is %v once all are sent, want 0", got)
	}
}

// within checks that a duration is at most ten seconds longer than wanted.
func within(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got < want || got > want+10*time.Second {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
