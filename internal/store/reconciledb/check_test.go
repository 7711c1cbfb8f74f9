package reconciledb_test

import (
	"context"
	"testing"
	"time"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/rig/storetest"
)

// entries is a log of bets that are all in its first shard.
type entries []ledger.Bet

func (e entries) Since(_ context.Context, shard int, after ledger.Mark, before time.Time, _ int) (page []ledger.Logged, _ error) {
	for _, b := range e {
		if shard == 0 && b.LoggedAt.After(after.LoggedAt) && b.LoggedAt.Before(before) {
			page = append(page, ledger.Logged{Bet: b, Mark: ledger.Mark{LoggedAt: b.LoggedAt, Entry: b.ID.String()}})
		}
	}
	return page, nil
}

// books are both databases and the log, with one bet of a mission that runs and
// one that was declined.
type books struct {
	fixture
	missions storetest.Missions
	log      entries
}

func newBooks(t *testing.T) books {
	t.Helper()
	b := books{fixture: newFixture(t), missions: storetest.NewMissions(t)}
	made := b.missions.Funding(true)
	stake, poor := storetest.Bet(made.ID, b.User(5_000), 1_000), storetest.Bet(made.ID, b.User(0), 100)
	stake.Stake = true
	poor.LoggedAt = stake.LoggedAt.Add(time.Millisecond)
	b.log = entries{stake, poor}
	rulings := b.MustHold(b.log...)
	if _, _, err := b.missions.ApplyPot(t.Context(), rulings[0].Pot); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b books) check(t *testing.T, whole bool) reconcile.Report {
	t.Helper()
	checker := reconcile.Checker{Ledger: b.DB, Missions: b.missions.DB, Log: b.log}
	report, ran, err := checker.Check(t.Context(), reconcile.Options{Whole: whole, Late: time.Hour, Now: time.Now})
	if err != nil || !ran {
		t.Fatalf("the check ran: %v, error %v", ran, err)
	}
	return report
}

func TestACheckReadsEverythingOnceAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	want := reconcile.Figures{Charged: 5_000, Wallets: 4_000, Held: 1_000, PutIn: 1_000}
	whole := b.check(t, true)
	if !whole.Clean() || whole.Figures != want || whole.Read.Movements != 3 || whole.Read.Entries != 2 {
		t.Errorf("the whole check: %+v; want it clean, with three rows, two entries and the figures %+v", whole, want)
	}
	// A check stays behind the oldest open transaction of the server, which may be another test's.
	rows := int64(0)
	for end := time.Now().Add(time.Minute); rows < 3 && time.Now().Before(end); {
		next := b.check(t, false)
		if !next.Clean() {
			t.Fatalf("the next check found %v, want nothing", next.Findings)
		}
		rows += next.Read.Movements
	}
	if rows != 3 {
		t.Errorf("the next checks read %d rows, want each of the three once", rows)
	}
	if again := b.check(t, false); again.Read.Movements != 0 || again.Figures != want {
		t.Errorf("one more check read %d rows and has the figures %+v, want none and %+v", again.Read.Movements, again.Figures, want)
	}
}

func TestABrokenRuleIsFoundAndEndsTheTakingOfCash(t *testing.T) {
	t.Parallel()
	for what, breaks := range map[string]string{
		"a wallet with a won more":     `UPDATE wallets SET cash = cash + 1 WHERE cash > 0`,
		"a pot with a won more":        `UPDATE escrows SET inflow = inflow + 1`,
		"a charge that did not happen": `UPDATE charges SET status = 'declined'`,
		"a guard that is missing":      `ALTER TABLE wallets DROP CONSTRAINT wallets_cash_check`,
		"a bet without its row":        `ALTER TABLE ledger DISABLE TRIGGER USER; DELETE FROM ledger WHERE kind = 'decline'`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBooks(t)
			b.Exec(breaks)
			report := b.check(t, true)
			if report.Clean() {
				t.Errorf("the check found %v, want a broken rule", report.Findings)
			}
			if mode := b.mode(); !mode.ExitOnly {
				t.Error("cash is taken after that, want none")
			}
			last, ok, err := b.LastCheck(t.Context())
			if err != nil || !ok || last.ID != report.ID || last.Broken != report.Broken {
				t.Errorf("the last check is %+v (%v), want the one that found it", last, err)
			}
		})
	}
}
