package ledgerdb_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func TestRule16OneInstanceSweepsAShardAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ran, err := f.WithShard(t.Context(), 3, func(ctx context.Context) error {
		if again, err := f.WithShard(ctx, 3, func(context.Context) error { return nil }); again || err != nil {
			t.Errorf("the same shard: ran %t (%v), want false", again, err)
		}
		if other, err := f.WithShard(ctx, 4, func(context.Context) error { return nil }); !other || err != nil {
			t.Errorf("another shard: ran %t (%v), want true", other, err)
		}
		return nil
	})
	if !ran || err != nil {
		t.Fatalf("ran %t (%v), want true", ran, err)
	}
	if after, err := f.WithShard(t.Context(), 3, func(context.Context) error { return nil }); !after || err != nil {
		t.Errorf("after the first: ran %t (%v), want true", after, err)
	}
}

func TestRule16AMarkNeverGoesBackAndPassesABetOnlyAsAStray(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	decided, stray := storetest.Bet(mission, ana, 100), storetest.Bet(mission, ana, 100)
	f.MustHold(decided)
	undecided, err := f.Undecided(t.Context(), []uuid.UUID{decided.ID, stray.ID})
	if err != nil || len(undecided) != 1 || undecided[0] != stray.ID {
		t.Fatalf("undecided: got %v (%v), want the stray alone", undecided, err)
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	if err := f.Advance(t.Context(), 5, ledger.Mark{LoggedAt: at, Entry: "b"}, []ledger.Bet{stray}); err != nil {
		t.Fatal(err)
	}
	if err := f.Advance(t.Context(), 5, ledger.Mark{LoggedAt: at, Entry: "a"}, nil); err != nil {
		t.Fatal(err)
	}
	if m, err := f.Mark(t.Context(), 5); err != nil || !m.LoggedAt.Equal(at) || m.Entry != "b" {
		t.Errorf("mark: got %+v (%v), want %s b", m, err, at)
	}
	if due, _ := f.DueStrays(t.Context(), 10); len(due) != 0 {
		t.Errorf("a new stray is due at once, want after a minute")
	}
	f.Exec(`UPDATE strays SET next_at = clock_timestamp()`)
	due, err := f.DueStrays(t.Context(), 10)
	if err != nil || len(due) != 1 || due[0].ID != stray.ID || due[0].Amount != stray.Amount || !due[0].Deadline.Equal(stray.Deadline) {
		t.Fatalf("due: got %+v (%v), want the stray as it was logged", due, err)
	}
	if wait := f.Figure(`SELECT extract(epoch FROM next_at - clock_timestamp())::bigint FROM strays`); wait < 30 {
		t.Errorf("the stray is due again in %d s, want a minute", wait)
	}
	f.MustHold(stray)
	f.Exec(`UPDATE strays SET next_at = clock_timestamp()`)
	if due, err := f.DueStrays(t.Context(), 10); err != nil || len(due) != 0 {
		t.Errorf("a decided stray: got %d due (%v), want it deleted", len(due), err)
	}
	if n := f.Figure(`SELECT count(*) FROM strays`); n != 0 {
		t.Errorf("%d strays are left, want 0", n)
	}
}

func TestRule9APotIsUnpublishedUntilItsVersionIsMarked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(1_000)
	first := f.MustHold(storetest.Bet(mission, ana, 100))[0].Pot
	if err := f.MarkPublished(t.Context(), []ledger.Pot{first}); err != nil {
		t.Fatal(err)
	}
	if pots, err := f.UnpublishedPots(t.Context(), 0, 10); err != nil || len(pots) != 0 {
		t.Errorf("after the mark: got %v (%v), want none", pots, err)
	}
	second := f.MustHold(storetest.Bet(mission, ana, 150))[0].Pot
	if err := f.MarkPublished(t.Context(), []ledger.Pot{first}); err != nil {
		t.Fatal(err)
	}
	pots, err := f.UnpublishedPots(t.Context(), 0, 10)
	if err != nil || len(pots) != 1 || pots[0] != second {
		t.Errorf("after another bet: got %+v (%v), want %+v", pots, err, second)
	}
}
