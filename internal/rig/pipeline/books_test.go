package pipeline_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/reconciledb"
)

// check checks the books once, as the function and the command do.
func (w *fixture) check(t storetest.T, o reconcile.Options) reconcile.Report {
	t.Helper()
	o.Now = time.Now
	program := "checkbooks"
	if o.Whole {
		program = "operator"
	}
	report, ran, err := reconcile.Checker{Ledger: reconciledb.New(w.usersOf[program]), Missions: w.missionsOf[program], Log: w.log}.Check(w.ctx, o)
	if err != nil || !ran {
		t.Fatalf("check the books: ran %t, %v", ran, err)
	}
	return report
}

// checkBooks expects a check without findings.
func (w *fixture) checkBooks(t storetest.T, o reconcile.Options) {
	t.Helper()
	for _, f := range w.check(t, o).Findings {
		t.Errorf("the books: %s", f)
	}
}

// played makes a fixture with a mission of each ending and one that is running.
func played(t *testing.T) (w *fixture, paid, refunded, running mission.Mission) {
	t.Helper()
	w = newFixture(t)
	paid, refunded, running = w.create(t, w.accounts[0], 200, true, true), w.create(t, w.accounts[1], 300, true, true), w.create(t, w.accounts[2], 100, true, true)
	w.drain(t)
	for _, m := range []mission.Mission{paid, refunded, running} {
		for _, user := range w.accounts {
			w.bet(t, w.mission(t, m.ID), user, 100, true)
		}
	}
	w.bet(t, w.mission(t, running.ID), w.accounts[0], 5_000, true) // is declined
	w.drain(t)
	w.judge(t, paid.ID, mission.Success, true)
	w.judge(t, refunded.ID, mission.Fail, true)
	w.sweep(t)
	return w, w.mission(t, paid.ID), w.mission(t, refunded.ID), w.mission(t, running.ID)
}

func TestTheProofAddsUp(t *testing.T) {
	t.Parallel()
	w, _, _, _ := played(t)
	r := w.check(t, reconcile.Options{Whole: true})
	want := reconcile.Figures{Charged: 4_000, Wallets: 3_500, Held: 500, PutIn: 1_800, Paid: 600, Refunded: 700}
	if r.Figures != want || r.Figures.Drift() != 0 || r.Figures.PotsDrift() != 0 {
		t.Errorf("the figures are %+v, want %+v", r.Figures, want)
	}
	if len(r.Findings) > 0 {
		t.Errorf("findings: %v", r.Findings)
	}
	// 15 stakes and bets, one declined; 4 charges, a payout, 4 refunds.
	if r.Read.Entries != 16 || r.Read.Movements != 25 || r.Read.Missions != 3 || r.Read.Wallets != 5 {
		t.Errorf("the check read %+v, want 16 entries, 25 movements, 3 missions, 5 wallets", r.Read)
	}
}

// breaks are changes that break each rule directly in the databases, with the guards of the
// database removed where they would refuse the change.
var breaks = []struct {
	what string
	rule int
	who  reconcile.Subject
	with func(*fixture, *testing.T, mission.Mission, mission.Mission, mission.Mission)
}{
	{"a won is put into a wallet", 1, reconcile.OfUser, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`UPDATE wallets SET cash = cash + 1 WHERE user_id = $1`, w.accounts[0])
	}},
	{"a won is moved between wallets", 1, reconcile.OfUser, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`UPDATE wallets SET cash = cash + CASE user_id WHEN $1 THEN 1 ELSE -1 END WHERE user_id IN ($1, $2)`, w.accounts[0], w.accounts[1])
	}},
	{"a won is taken out of an escrow", 1, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.users.Exec(`UPDATE escrows SET inflow = inflow - 1 WHERE mission_id = $1`, running.ID)
	}},
	{"a contribution is made larger", 1, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.users.Exec(`UPDATE contributions SET amount = amount + 1 WHERE mission_id = $1 AND user_id = $2`, running.ID, w.accounts[0])
	}},
	{"the ledger is no longer append-only", 1, reconcile.OfBooks, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`ALTER TABLE ledger DISABLE TRIGGER ledger_append_only`)
	}},
	{"a row of the ledger is changed", 1, reconcile.OfMovement, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.users.Exec(`ALTER TABLE ledger DISABLE TRIGGER ledger_append_only`)
		w.users.Exec(`UPDATE ledger SET amount = amount + 1 WHERE kind = 'hold' AND mission_id = $1 AND user_id = $2`, running.ID, w.accounts[1])
		w.users.Exec(`ALTER TABLE ledger ENABLE TRIGGER ledger_append_only`)
	}},
	{"a wallet may be negative", 1, reconcile.OfBooks, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`ALTER TABLE wallets DROP CONSTRAINT wallets_cash_check`)
	}},
	{"a wallet is negative", 2, reconcile.OfBooks, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`ALTER TABLE wallets DROP CONSTRAINT wallets_cash_check`)
		w.users.Exec(`UPDATE wallets SET cash = -1 WHERE user_id = $1`, w.accounts[0])
	}},
	{"somebody is paid twice", 3, reconcile.OfMission, func(w *fixture, t *testing.T, paid, _, _ mission.Mission) {
		w.users.Exec(`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after)
			SELECT gen_random_uuid(), kind, user_id, mission_id, amount, balance_after + amount FROM ledger WHERE kind = 'payout' AND mission_id = $1`, paid.ID)
	}},
	{"a charge is credited that was never paid", 3, reconcile.OfCharge, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`INSERT INTO ledger (id, kind, user_id, amount, balance_after) SELECT gen_random_uuid(), 'charge', user_id, 1, cash + 1 FROM wallets WHERE user_id = $1`, w.accounts[0])
		w.users.Exec(`UPDATE wallets SET cash = cash + 1 WHERE user_id = $1`, w.accounts[0])
	}},
	{"a charge is never credited", 3, reconcile.OfBooks, func(w *fixture, t *testing.T, _, _, _ mission.Mission) {
		w.users.Exec(`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, status) VALUES (gen_random_uuid(), $1, 'lost', '', 5, 'succeeded')`, w.accounts[0])
	}},
	{"a logged bet has no outcome", 4, reconcile.OfBet, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.bet(t, running, w.accounts[0], 100, false)
	}},
	{"a bet was held that is not in the log", 4, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.queue = append(w.queue, event.NewBetPlaced(ledger.Bet{ID: uuid.Must(uuid.NewV7()), MissionID: running.ID, UserID: w.accounts[1], Amount: 100, LoggedAt: time.Now(), Deadline: time.Now().Add(time.Hour)}))
		w.drain(t)
		w.judge(t, running.ID, mission.Fail, true)
		w.sweep(t)
	}},
	{"a bet was held with another amount", 3, reconcile.OfBet, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		b := w.bet(t, running, w.accounts[1], 100, false)
		b.Amount = 101
		w.queue = append(w.queue, event.NewBetPlaced(b))
		w.drain(t)
	}},
	{"a settled escrow is not empty", 5, reconcile.OfMission, func(w *fixture, t *testing.T, paid, _, _ mission.Mission) {
		w.users.Exec(`ALTER TABLE escrows DROP CONSTRAINT escrows_check2`)
		w.users.Exec(`UPDATE escrows SET outflow = outflow - 1 WHERE mission_id = $1`, paid.ID)
	}},
	{"the missions database has another pot", 6, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.missions.Exec(`UPDATE missions SET pot = pot + 1 WHERE id = $1`, running.ID)
	}},
	{"the missions database has a pot that the ledger never had", 6, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.missions.Exec(`UPDATE missions SET pot_version = pot_version + 1 WHERE id = $1`, running.ID)
	}},
	{"the missions database has another ending", 6, reconcile.OfMission, func(w *fixture, t *testing.T, paid, _, _ mission.Mission) {
		w.missions.Exec(`UPDATE missions SET status = 'failed' WHERE id = $1`, paid.ID)
	}},
	{"the ledger closes a mission without a verdict", 6, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		if _, err := ledgerdb.New(w.usersOf["settlemission"]).CloseEscrow(t.Context(), ledger.Closing{MissionID: running.ID, Ending: ledger.Failed, StreamerID: w.streamer, CreatorID: running.CreatorID}); err != nil {
			t.Fatal(err)
		}
	}},
	{"the missions database lacks a mission", 6, reconcile.OfMission, func(w *fixture, t *testing.T, _, _, running mission.Mission) {
		w.missions.Exec(`ALTER TABLE missions DISABLE TRIGGER USER`)
		w.missions.Exec(`ALTER TABLE mission_events DISABLE TRIGGER USER`)
		w.missions.Exec(`DELETE FROM mission_events WHERE mission_id = $1`, running.ID)
		w.missions.Exec(`DELETE FROM missions WHERE id = $1`, running.ID)
	}},
	{"a mail was never written", 7, reconcile.OfMission, func(w *fixture, t *testing.T, _, refunded, _ mission.Mission) {
		w.users.Exec(`ALTER TABLE mails DISABLE TRIGGER mails_kept`)
		w.users.Exec(`DELETE FROM mails WHERE mission_id = $1 AND user_id = $2`, refunded.ID, w.accounts[3])
	}},
}

func TestEachBrokenRuleIsFoundAndThrowsTheSwitch(t *testing.T) {
	t.Parallel()
	for _, b := range breaks {
		t.Run(b.what, func(t *testing.T) {
			t.Parallel()
			w, paid, refunded, running := played(t)
			w.checkBooks(t, reconcile.Options{}) // so that the next check starts here
			b.with(w, t, paid, refunded, running)
			r := w.check(t, reconcile.Options{Whole: true})
			found := slices.ContainsFunc(r.Findings, func(f reconcile.Finding) bool {
				return f.Rule == b.rule && f.Subject == b.who && f.Grade == reconcile.Broken
			})
			if !found {
				t.Errorf("the findings are %v, want rule %d broken by a %s", r.Findings, b.rule, b.who)
			}
			mode, err := reconciledb.New(w.usersOf["api"]).Mode(t.Context())
			if err != nil || !mode.ExitOnly || mode.By != "the check of the books" {
				t.Errorf("the mode is %+v (%v), want exit-only by the check", mode, err)
			}
		})
	}
}

// A row gets its number before its transaction commits. A check that has read higher numbers must
// not miss the row, and must not report its cash as created from nothing.
func TestARowThatCommitsLateIsNeitherMissedNorAnAlarm(t *testing.T) {
	t.Parallel()
	w, _, _, running := played(t)
	late, err := w.users.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	charge := uuid.Must(uuid.NewV7())
	for _, query := range []string{
		`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, status) VALUES ($1, $2, 'late', '', 50, 'succeeded')`,
		`WITH w AS (UPDATE wallets SET cash = cash + 50 WHERE user_id = $2 RETURNING cash)
			INSERT INTO ledger (id, kind, user_id, amount, balance_after) SELECT $1, 'charge', $2, 50, cash FROM w`,
	} {
		if _, err := late.Exec(t.Context(), query, charge, w.accounts[3]); err != nil {
			t.Fatal(err)
		}
	}
	w.bet(t, running, w.accounts[0], 100, true) // rows with higher numbers
	w.drain(t)
	for range 4 {
		w.checkBooks(t, reconcile.Options{Grace: time.Nanosecond, Late: time.Hour})
	}
	if read := w.users.Figure(`SELECT seq FROM books_state`); read >= w.users.Figure(`SELECT max(seq) FROM ledger`) {
		t.Error("the check has read past a row whose transaction is still open")
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.readAll(t)
	if sum := w.users.Figure(`SELECT charged FROM books_state`); sum != 4_050 {
		t.Errorf("the check's own books have charges of %d won, want 4,050", sum)
	}
}

// readAll checks the books until every row has been read. A check stays behind the oldest
// transaction of the whole server, which may be another test's.
func (w *fixture) readAll(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		w.checkBooks(t, reconcile.Options{Grace: time.Nanosecond, Late: time.Hour})
		if w.users.Figure(`SELECT (SELECT max(seq) FROM ledger) - seq FROM books_state`) == 0 {
			return
		}
	}
	t.Fatal("a minute of checks has not read every row")
}

// The check of every minute reads no row twice, but it still finds rows that are changed later,
// because it compares all accounts in rounds.
func TestTheIncrementalCheckFindsLaterChanges(t *testing.T) {
	t.Parallel()
	w, _, _, running := played(t)
	w.readAll(t)
	if r := w.check(t, reconcile.Options{}); r.Read.Movements != 0 || r.Read.Entries != 0 {
		t.Errorf("with nothing new it read %+v, want no row and no entry again", r.Read)
	}
	w.users.Exec(`UPDATE wallets SET cash = cash + CASE user_id WHEN $1 THEN 1 ELSE -1 END WHERE user_id IN ($1, $2)`, w.accounts[0], w.accounts[1])
	w.missions.Exec(`UPDATE missions SET contributors = contributors + 1 WHERE id = $1`, running.ID)
	if r := w.check(t, reconcile.Options{}); r.Broken != 3 {
		t.Errorf("found %v, want both wallets and the mission", r.Findings)
	}
}
