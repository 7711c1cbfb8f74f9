package ledgerdb_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/ledgerdb"
)

func (f fixture) open(user uuid.UUID, key string, amount ledger.Won) (ledger.Charge, bool, error) {
	return f.OpenCharge(f.t.Context(), ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: user, Amount: amount}, key, []byte("hash of "+amount.String()))
}

func (f fixture) mustOpen(user uuid.UUID, key string, amount ledger.Won) ledger.Charge {
	f.t.Helper()
	c, first, err := f.open(user, key, amount)
	if err != nil || !first {
		f.t.Fatalf("open a charge: first %v, error %v", first, err)
	}
	return c
}

func TestRule3AChargeIsARowBeforeItIsCash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(0)
	c := f.mustOpen(user, "key", 5_000)
	if c.Status != ledger.ChargePending || f.Cash(user) != 0 {
		t.Errorf("an opened charge is %s and the wallet has %v; want pending and nothing", c.Status, f.Cash(user))
	}
	if err := f.ResolveCharge(t.Context(), c.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := f.Cash(user); got != 5_000 {
		t.Errorf("the wallet has %v after the charge, want 5,000 won", got)
	}
	f.CheckBooks()
}

func TestRule3OneKeyIsOneChargeHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(0)
	var wg sync.WaitGroup
	ids := make([]uuid.UUID, 10)
	for i := range ids {
		wg.Go(func() {
			c, _, err := f.open(user, "key", 700)
			if err == nil {
				err = f.ResolveCharge(t.Context(), c.ID, true)
			}
			if err != nil {
				t.Errorf("charge: %v", err)
			}
			ids[i] = c.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one key gave the charges %v and %v", ids[0], id)
		}
	}
	if got := f.Cash(user); got != 700 {
		t.Errorf("the wallet has %v, want 700 won once", got)
	}
	f.CheckBooks()
}

func TestAKeyWithAnotherRequestIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, other := f.User(0), f.User(0)
	f.mustOpen(user, "key", 700)
	if _, _, err := f.open(user, "key", 800); !errors.Is(err, fault.IdempotencyReused) {
		t.Errorf("the key with another amount: %v, want fault.IdempotencyReused", err)
	}
	if _, first, err := f.open(other, "key", 800); err != nil || !first {
		t.Errorf("the same key of another user: first %v, error %v; want a charge of their own", first, err)
	}
}

func TestAChargeOfNobodyIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, _, err := f.open(uuid.New(), "key", 700); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("got %v, want fault.Unauthenticated", err)
	}
}

func TestADeclinedChargeMovesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(300)
	c := f.mustOpen(user, "key", 5_000)
	for range 2 {
		if err := f.ResolveCharge(t.Context(), c.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.Cash(user); got != 300 {
		t.Errorf("the wallet has %v, want the 300 won from before", got)
	}
	if err := f.ResolveCharge(t.Context(), c.ID, true); !errors.Is(err, ledgerdb.ErrResolvedOtherwise) {
		t.Errorf("declined, then succeeded: %v, want ErrResolvedOtherwise", err)
	}
	if got := f.Cash(user); got != 300 {
		t.Errorf("a second result credited the wallet: %v", got)
	}
	if err := f.ResolveCharge(t.Context(), uuid.New(), true); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown charge: %v, want fault.NotFound", err)
	}
}

func TestOnlyOldPendingChargesAreSwept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.User(0)
	old, done := f.mustOpen(user, "old", 100), f.mustOpen(user, "done", 100)
	f.mustOpen(user, "young", 100)
	f.Exec(`UPDATE charges SET created_at = created_at - interval '2 minutes' WHERE idempotency_key <> 'young'`)
	if err := f.ResolveCharge(t.Context(), done.ID, true); err != nil {
		t.Fatal(err)
	}
	pending, err := f.PendingCharges(t.Context(), time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(pending) != 1 || pending[0].ID != old.ID || pending[0].Amount != 100 || pending[0].UserID != user {
		t.Errorf("pending: %+v, want only the old charge %v", pending, old.ID)
	}
}

func TestRule3AChargeWithoutAnAnswerDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ana := f.User(0)
	for range 3 {
		charge := ledger.Charge{ID: uuid.Must(uuid.NewV7()), UserID: ana, Amount: 500}
		if _, _, err := f.OpenCharge(t.Context(), charge, charge.ID.String(), []byte("hash")); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[uuid.UUID]bool{}
	for range 3 {
		pending, err := f.PendingCharges(t.Context(), -time.Minute, 1)
		if err != nil || len(pending) != 1 {
			t.Fatalf("got %d charges (%v), want one that is due", len(pending), err)
		}
		seen[pending[0].ID] = true
	}
	if len(seen) != 3 {
		t.Errorf("three sweeps got %d charges, want each of the three once", len(seen))
	}
	if again, err := f.PendingCharges(t.Context(), -time.Minute, 10); err != nil || len(again) != 0 {
		t.Errorf("right afterwards: got %d charges (%v), want none for a minute", len(again), err)
	}
}
