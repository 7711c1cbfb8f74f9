package usersdb_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// The verdict commits after the batch has seen the escrow open and before the
// batch writes to it. The test holds the escrow's row until the batch waits for
// it, so the batch loses the race every time, on either path.
func TestRule6AVerdictBetweenReadingAndWritingMakesTheBatchStartAgain(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"fast", "exact"} {
		f := newFixture(t)
		mission, other, ana := f.mission(), f.mission(), f.user(1_000)
		batch := []ledger.Bet{bet(mission, ana, 300), bet(other, ana, 200)}
		if path == "exact" {
			batch = append(batch, bet(mission, ana, 5_000)) // not covered, so the fast path is not possible
		}
		verdict, err := f.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const closing = `UPDATE escrows SET state = 'closed', ending = 'failed', closed_at = clock_timestamp() WHERE mission_id = $1`
		if _, err := verdict.Exec(t.Context(), closing, mission); err != nil {
			t.Fatal(err)
		}
		type answer struct {
			rulings []ledger.Ruling
			err     error
		}
		answers := make(chan answer, 1)
		go func() {
			rulings, err := f.Hold(t.Context(), batch)
			answers <- answer{rulings, err}
		}()
		f.waitForLocks(1)
		if err := verdict.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := <-answers
		if a.err != nil {
			t.Fatalf("%s: %v", path, a.err)
		}
		if r := a.rulings[0]; r.Outcome != ledger.Declined || r.Reason != ledger.MissionClosed {
			t.Errorf("%s: the bet on the closed mission: got %q %q, want declined mission_closed", path, r.Outcome, r.Reason)
		}
		if r := a.rulings[1]; r.Outcome != ledger.Held {
			t.Errorf("%s: the bet beside it on an open mission: got %q, want held", path, r.Outcome)
		}
		if got := f.cash(ana); got != 800 {
			t.Errorf("%s: cash: got %s, want 800 won", path, got)
		}
		f.checkBooks()
	}
}

// waitForLocks waits until that many sessions of this database wait for a lock.
func (f fixture) waitForLocks(sessions int64) {
	f.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if f.figure(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= sessions {
			return
		}
	}
	f.t.Fatalf("%d sessions were not seen waiting for the lock", sessions)
}

// After a deadlock between two batches, or any other passing conflict, a batch
// is decided again, and its callers get no error.
func TestRule6WalletsAreLockedByIdWhateverTheOrderOfTheBets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission := f.mission()
	users := make([]uuid.UUID, 20)
	for i := range users {
		users[i] = f.user(100_000)
	}
	done := make(chan error, 2)
	for worker := range 2 {
		go func() {
			for range 25 {
				var batch []ledger.Bet
				for i := range users {
					if worker == 1 {
						i = len(users) - 1 - i
					}
					batch = append(batch, bet(mission, users[i], 100))
				}
				if _, err := f.Hold(t.Context(), batch); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("hold: %v", err)
		}
	}
	if n := f.figure(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks, want none", n)
	}
	f.checkBooks()
}
