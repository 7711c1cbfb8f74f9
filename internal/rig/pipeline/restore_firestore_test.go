package pipeline_test

import (
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/rebuild"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/store/ledgerdb"
)

// The whole bet log is lost. A client repeats an earlier call: the ledger has its bet and takes no
// cash again. Then the log is written again, and the books are clean.
func TestDrillTheBetLogIsLostAndWrittenAnew(t *testing.T) {
	t.Parallel()
	w, paid, refunded, running := played(t)
	first := w.logBet(t, ledger.BetEntry, running, w.accounts[1], 100, "key", true)
	w.drain(t)
	waiting := w.logBet(t, ledger.BetEntry, running, w.accounts[2], 100, "waits", false)
	w.users.Exec(`INSERT INTO strays (bet_id, shard, bet) VALUES ($1, 0, $2)`, waiting.ID, waiting)
	cash, pot := w.users.Cash(w.accounts[1]), w.mission(t, running.ID).Pot

	w.openFirestore(t)
	w.wire(t)
	for _, id := range []uuid.UUID{paid.ID, refunded.ID, running.ID} { // the live board has a drill of its own
		w.copyAgain(t, id)
	}
	again := w.logBet(t, ledger.BetEntry, running, w.accounts[1], 100, "key", true)
	w.drain(t)
	if again.ID != first.ID || w.users.Cash(w.accounts[1]) != cash || w.mission(t, running.ID).Pot != pot {
		t.Errorf("the retry is bet %s with %s left and a pot of %s; want %s, %s and %s",
			again.ID, w.users.Cash(w.accounts[1]), w.mission(t, running.ID).Pot, first.ID, cash, pot)
	}
	if r := w.check(t, reconcile.Options{Whole: true}); r.Clean() {
		t.Error("the books are clean without a log")
	}

	written, err := rebuild.LogEntries(t.Context(), ledgerdb.New(w.usersOf["restore"]), w.missionsOf["restore"], w.log)
	if err != nil || written == 0 {
		t.Fatalf("wrote %d entries (%v)", written, err)
	}
	if repeated, err := rebuild.LogEntries(t.Context(), ledgerdb.New(w.usersOf["restore"]), w.missionsOf["restore"], w.log); err != nil || repeated != 0 {
		t.Errorf("a second run wrote %d entries (%v), want none", repeated, err)
	}
	w.sweep(t)
	w.checkBooks(t, reconcile.Options{Whole: true})
	w.checkQuiet(t, []ledger.Bet{first, waiting})
	// Stakes are marked as stakes again, so a missions instance could be rebuilt from this log.
	stake, ok, err := w.log.Lookup(t.Context(), ledger.LogEntry{
		Bet: ledger.Bet{MissionID: running.ID, UserID: running.CreatorID, Amount: running.Stake}, Kind: ledger.StakeEntry, IdempotencyKey: running.ID.String(),
	})
	if err != nil || !ok || !stake.Stake || !stake.Deadline.Equal(running.Deadline) {
		t.Errorf("the stake is %+v, found %v (%v); want it with the mission's deadline %s", stake, ok, err, running.Deadline)
	}
}

func (w *fixture) copyAgain(t *testing.T, id uuid.UUID) {
	t.Helper()
	if err := w.missions.CopyAgain(t.Context(), []uuid.UUID{id}); err != nil {
		t.Fatal(err)
	}
	if err := w.missions.Copy.All(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// The live board is lost. Every event is written again, so that a stream that resumes from the
// beginning has no gap.
func TestDrillTheBoardIsLostAndWrittenAnew(t *testing.T) {
	t.Parallel()
	w, paid, refunded, running := played(t)
	w.openFirestore(t)
	w.wire(t)
	if missions, err := rebuild.BoardEvents(t.Context(), w.missionsOf["restore"], eventcopy.New(w.missionsOf["restore"], w.missions.Live)); err != nil || missions != 3 {
		t.Fatalf("wrote the events of %d missions (%v), want 3", missions, err)
	}
	for _, id := range []uuid.UUID{paid.ID, refunded.ID, running.ID} {
		m := w.mission(t, id)
		events, err := w.missions.Live.Events(t.Context(), id, 0, 1000)
		if err != nil || int64(len(events)) != m.Revision {
			t.Fatalf("%d events are on the live board (%v), want all %d", len(events), err, m.Revision)
		}
		for i, e := range events {
			if e.Revision != int64(i+1) {
				t.Errorf("event %d has revision %d", i+1, e.Revision)
			}
		}
	}
	shown, err := w.missions.Live.Boards(t.Context(), uuid.Nil, 10)
	if err != nil || len(shown) != 3 {
		t.Errorf("the board shows %d missions (%v), want 3", len(shown), err)
	}
}
