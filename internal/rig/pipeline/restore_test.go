package pipeline_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/rebuild"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/peopledb"
)

// The missions instance is lost with missions in every state: settled ones, a verdict that had not
// reached the ledger, one that only the ledger had applied, one that runs, and one that was just
// being created.
func TestDrillTheMissionsInstanceIsLostAndRebuilt(t *testing.T) {
	t.Parallel()
	w, paid, refunded, running := played(t)
	judged := w.create(t, w.accounts[3], 100, true, true)
	closed := w.create(t, w.accounts[3], 100, true, true)
	w.drain(t)
	w.judge(t, judged.ID, mission.Success, false) // its verdict was not published
	w.copyBoard(t, judged.ID)
	closing := ledger.Closing{MissionID: closed.ID, Ending: ledger.Failed, StreamerID: w.streamer, CreatorID: closed.CreatorID, Title: closed.Title}
	if _, err := w.users.CloseEscrow(t.Context(), closing); err != nil { // its verdict reached the ledger, not the missions database
		t.Fatal(err)
	}
	// Just created: the stake is logged and held, and the mission was never shown.
	made := w.create(t, w.accounts[2], 150, true, false)
	w.queue = nil

	shown := w.missions.Live
	w.openMissions(t) // an empty instance
	w.showOn(shown)
	w.wire(t)
	users := w.usersOf["restore"]
	from := rebuild.Sources{Accounts: peopledb.New(users), Ledger: ledgerdb.New(users), Shown: shown, Log: w.log}
	r, err := rebuild.Missions(t.Context(), from, w.missionsOf["restore"], time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Missions != 5 || len(r.Lost) != 1 || r.Lost[0] != made.ID {
		t.Errorf("rebuilt %+v, want five missions, and the one just created as lost", r)
	}
	again, err := rebuild.Missions(t.Context(), from, w.missionsOf["restore"], time.Now)
	if err != nil || again.Missions != r.Missions || len(again.Lost) != len(r.Lost) {
		t.Errorf("a second run: %+v (%v), want the same", again, err)
	}
	w.age(t)
	w.sweep(t)
	w.sweep(t)
	for id, want := range map[uuid.UUID]mission.Status{
		paid.ID: mission.Succeeded, refunded.ID: mission.Failed, judged.ID: mission.Succeeded, closed.ID: mission.Failed,
		running.ID: mission.Active, made.ID: mission.Unfunded,
	} {
		m := w.mission(t, id)
		if m.Status != want || m.Status.Decided() && m.SettledAt == nil {
			t.Errorf("mission %s is %s, settled at %v; want %s and, if decided, settled", m.Title, m.Status, m.SettledAt, want)
		}
	}
	// The rebuilt system still works.
	if w.mission(t, running.ID).Pot != running.Pot {
		t.Errorf("the running mission has %s, want %s", w.mission(t, running.ID).Pot, running.Pot)
	}
	b := w.bet(t, w.mission(t, running.ID), w.accounts[1], 100, true)
	next := w.create(t, w.accounts[0], 100, true, true)
	w.drain(t)
	w.judge(t, running.ID, mission.Success, true)
	w.judge(t, next.ID, mission.Fail, true)
	w.sweep(t)
	w.checkQuiet(t, []ledger.Bet{b})
}

// copyBoard copies a mission's events to the live board, as the step that changed it would.
func (w *fixture) copyBoard(t *testing.T, id uuid.UUID) {
	t.Helper()
	events, err := w.missions.Uncopied(t.Context(), id)
	if err == nil {
		err = w.missions.Live.Write(t.Context(), events)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// age makes the pots more than a minute old, so that the sweep publishes them.
func (w *fixture) age(t *testing.T) {
	t.Helper()
	w.users.Exec(`UPDATE escrows SET changed_at = changed_at - interval '1 hour'`)
}

// later is what happens after the backup, in the order that cash needs.
type later struct {
	charges  []ledger.Charge // that the provider took
	newcomer uuid.UUID       // who signed up
	bets     []ledger.Bet
	ofNew    ledger.Bet
	second   mission.Mission // settled after the backup
}

// liveOn charges, bets, judges, and bets again with the cash that was paid out.
func (w *fixture) liveOn(t *testing.T, running mission.Mission) later {
	t.Helper()
	var l later
	c := ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: w.accounts[0], Amount: 5_000}
	if _, _, err := w.users.OpenCharge(t.Context(), c, "since", []byte("hash")); err != nil {
		t.Fatal(err)
	}
	if err := w.users.ResolveCharge(t.Context(), c.ID, true); err != nil {
		t.Fatal(err)
	}
	l.charges = []ledger.Charge{c}
	l.newcomer = w.users.User(1_000)
	l.second = w.create(t, w.accounts[1], 200, true, true)
	w.drain(t)
	l.bets = append(l.bets, w.bet(t, w.mission(t, l.second.ID), w.accounts[0], 4_000, true)) // from the charge
	w.drain(t)
	w.judge(t, running.ID, mission.Fail, true) // gives cash back …
	w.drain(t)
	l.bets = append(l.bets, w.bet(t, w.mission(t, l.second.ID), w.accounts[3], w.users.Cash(w.accounts[3]), true)) // … that is put in again
	// A mission that goes on: its pot was published after each bet, and a replay holds all of its bets at once.
	open := w.create(t, w.accounts[2], 100, true, true)
	w.drain(t)
	for range 3 {
		l.bets = append(l.bets, w.bet(t, w.mission(t, open.ID), w.accounts[2], 100, true))
		w.drain(t)
	}
	l.ofNew = w.bet(t, w.mission(t, l.second.ID), l.newcomer, 700, true)
	w.drain(t)
	w.judge(t, l.second.ID, mission.Success, true)
	w.sweep(t)
	l.second = w.mission(t, l.second.ID)
	return l
}

// The users instance goes back to an earlier backup, made and restored by Postgres's own tools.
// What the log, the missions database and the provider have is restored. Somebody who signed up
// after the backup is lost, and the report says so.
func TestDrillTheUsersInstanceGoesBackAndIsBroughtForward(t *testing.T) {
	t.Parallel()
	w, _, _, running := played(t)
	w.checkBooks(t, reconcile.Options{Grace: time.Nanosecond, Late: time.Hour})
	backup := w.dump(t)
	l := w.liveOn(t, running)
	w.checkQuiet(t, append(slices.Clone(l.bets), l.ofNew))
	want := map[uuid.UUID]ledger.Won{w.streamer: w.users.Cash(w.streamer) - l.ofNew.Amount}
	for _, user := range w.accounts {
		want[user] = w.users.Cash(user)
	}

	w.load(t, backup)
	w.mails = map[string]int{} // people get the mails again
	r, err := rebuild.Users(t.Context(), ledgerdb.New(w.usersOf["restore"]), w.log, w.missionsOf["restore"], l.charges, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Charges != 1 || len(r.Strangers) != 0 || len(r.Undecided) != 0 || r.Settled != 2 {
		t.Errorf("the replay did %+v, want one charge and two settlements", r)
	}
	if !slices.ContainsFunc(r.Declined, func(d rebuild.Declined) bool {
		return d.ID == l.ofNew.ID && d.Reason == ledger.UnknownUser
	}) {
		t.Errorf("declined: %v; want the bet of the new user among them", r.Declined)
	}
	if len(r.Changed) != 1 || r.Changed[0] != (rebuild.Changed{MissionID: l.second.ID, Shown: l.second.Pot, Now: l.second.Pot - 700, Settled: true}) {
		t.Errorf("changed: %+v; want the pot that is 700 won smaller, shown before", r.Changed)
	}
	w.age(t)
	w.sweep(t)
	for user, cash := range want {
		if got := w.users.Cash(user); got != cash {
			t.Errorf("a wallet has %s, want %s as before the loss", got, cash)
		}
	}
	again, err := rebuild.Users(t.Context(), ledgerdb.New(w.usersOf["restore"]), w.log, w.missionsOf["restore"], l.charges, time.Now)
	if err != nil || again.Charges != 0 || again.Settled != 0 || again.Reopened != 0 || len(again.Changed) != 0 {
		t.Errorf("a second replay did %+v (%v), want nothing", again, err)
	}
	// The restored system still works, and its books are clean.
	next := w.create(t, w.accounts[0], 100, true, true)
	w.drain(t)
	b := w.bet(t, w.mission(t, next.ID), w.accounts[2], 100, true)
	w.drain(t)
	w.judge(t, next.ID, mission.Success, true)
	w.sweep(t)
	w.checkQuiet(t, append(slices.Clone(l.bets), b))
}

// Without the provider's statement the charges are missing, and the replay reports the bets and
// pots that change because of it.
func TestDrillTheEffectsOfMissingChargesAreListed(t *testing.T) {
	t.Parallel()
	w, _, _, running := played(t)
	backup := w.dump(t)
	l := w.liveOn(t, running)
	w.load(t, backup)
	w.mails = map[string]int{}
	stranger := ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: l.newcomer, Amount: 1_000}
	r, err := rebuild.Users(t.Context(), ledgerdb.New(w.usersOf["restore"]), w.log, w.missionsOf["restore"], []ledger.Charge{stranger}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Strangers) != 1 || r.Strangers[0] != stranger {
		t.Errorf("strangers: %v, want the charge of the new user", r.Strangers)
	}
	if !slices.ContainsFunc(r.Declined, func(d rebuild.Declined) bool {
		return d.ID == l.bets[0].ID && d.Reason == ledger.InsufficientCash
	}) {
		t.Errorf("declined: %v; want the bet that the lost charge paid", r.Declined)
	}
	if len(r.Changed) != 1 || r.Changed[0].Shown-r.Changed[0].Now != 4_700 {
		t.Errorf("changed: %+v, want the pot that is 4,700 won smaller", r.Changed)
	}
	w.age(t)
	w.sweep(t)
	w.checkQuiet(t, l.bets)
}

// dump makes a backup with pg_dump.
func (w *fixture) dump(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "users.dump")
	w.postgres(t, "pg_dump", "--format=custom", "--file="+file, w.users.Pool.Config().ConnString())
	return file
}

// load restores a backup into an instance of its own and moves the fixture to it.
func (w *fixture) load(t *testing.T, file string) {
	t.Helper()
	dsn := standtest.EmptyDatabase(t)
	w.postgres(t, "pg_restore", "--exit-on-error", "--no-owner", "--dbname="+dsn, file)
	w.openUsers(t, dsn)
	w.wire(t)
}

// postgres runs one of the server's tools.
func (w *fixture) postgres(t *testing.T, tool string, args ...string) {
	t.Helper()
	parts, err := stand.FindParts()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(parts.PostgresBin, tool), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, out)
	}
}
