package ledgerdb_test

import (
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// The verdict commits after the batch has seen the escrow open and before the
// batch writes to it. The test holds the escrow's row until the batch waits for
// it, so the batch loses the race every time, on either path.
func TestRule6AVerdictBetweenReadingAndWritingMakesTheBatchStartAgain(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"fast", "exact"} {
		f := newFixture(t)
		mission, other, ana := f.Escrow(), f.Escrow(), f.User(1_000)
		batch := []ledger.Bet{storetest.Bet(mission, ana, 300), storetest.Bet(other, ana, 200)}
		if path == "exact" {
			batch = append(batch, storetest.Bet(mission, ana, 5_000)) // not covered, so the fast path is not possible
		}
		verdict, err := f.Pool.Begin(t.Context())
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
		f.AwaitLocks(1)
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
		if got := f.Cash(ana); got != 800 {
			t.Errorf("%s: cash: got %s, want 800 won", path, got)
		}
		f.CheckBooks()
	}
}

// After a deadlock between two batches, or any other passing conflict, a batch
// is decided again, and its callers get no error.
func TestRule6WalletsAreLockedByIdWhateverTheOrderOfTheBets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission := f.Escrow()
	users := make([]uuid.UUID, 20)
	for i := range users {
		users[i] = f.User(100_000)
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
					batch = append(batch, storetest.Bet(mission, users[i], 100))
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
	if n := f.Figure(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks, want none", n)
	}
	f.CheckBooks()
}
