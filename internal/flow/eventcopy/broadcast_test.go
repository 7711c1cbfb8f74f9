package eventcopy_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
)

func open(t *testing.T) (*missionsdb.DB, *liveboard.Board) {
	t.Helper()
	db := missionsdb.New(standtest.Pool(t, standtest.MissionsDatabase(t), 8))
	live, err := liveboard.Open(t.Context(), standtest.Firestore(t), firestore.DefaultDatabaseID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = live.Close() })
	return db, live
}

// eventful makes a mission with n events.
func eventful(t *testing.T, db *missionsdb.DB, n int) uuid.UUID {
	t.Helper()
	draft := mission.Draft{CreatorID: uuid.New(), StreamerID: uuid.New(), Title: "t", Stake: 1000, TimeLimit: time.Hour}
	terms := mission.Terms{AutoAccept: true, MinStake: 100, MaxStake: 1_000_000, Acceptance: time.Hour}
	m, _, err := db.Create(t.Context(), uuid.Must(uuid.NewV7()), draft, terms, "key", []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	for version := range int64(n - 1) {
		pot := ledger.Pot{MissionID: m.ID, Total: ledger.Won(1000 * (version + 1)), Contributors: 1, Version: version + 1}
		if _, _, err := db.ApplyPot(t.Context(), pot); err != nil {
			t.Fatal(err)
		}
	}
	return m.ID
}

// expectWhole checks that the board's log has the revisions 1 to n, once each,
// and that nothing is left to copy.
func expectWhole(t *testing.T, db *missionsdb.DB, live *liveboard.Board, id uuid.UUID, n int) {
	t.Helper()
	events, err := live.Events(t.Context(), id, 0, n+10)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != n {
		t.Fatalf("the board has %d events, want %d", len(events), n)
	}
	for i, e := range events {
		if e.Revision != int64(i+1) {
			t.Errorf("event %d has revision %d", i+1, e.Revision)
		}
	}
	if left, err := db.Uncopied(t.Context(), id); err != nil || len(left) != 0 {
		t.Errorf("%d events are left to copy, error %v; want none", len(left), err)
	}
}

func TestEveryEventIsCopiedOnceHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	db, live := open(t)
	const n = 230 // more than two pages
	id := eventful(t, db, n)
	for range 2 {
		if err := eventcopy.New(db, live).Mission(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		expectWhole(t, db, live, id, n)
	}
}

func TestCopiersAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	db, live := open(t)
	id := eventful(t, db, 20)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := eventcopy.New(db, live).Mission(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	expectWhole(t, db, live, id, 20)
}

var errDown = errors.New("down")

// unmarked is a source that fails after the board was written.
type unmarked struct{ *missionsdb.DB }

func (unmarked) MarkCopied(context.Context, uuid.UUID, int64) error { return errDown }

// downBoard is a board that can't be written.
type downBoard struct{}

func (downBoard) Write(context.Context, []mission.Event) error { return errDown }

func TestRule13EventsCountAsCopiedOnlyWhenTheBoardHasThem(t *testing.T) {
	t.Parallel()
	db, live := open(t)
	id := eventful(t, db, 3)
	if err := eventcopy.New(db, downBoard{}).Mission(t.Context(), id); !errors.Is(err, errDown) {
		t.Errorf("a board that is down: error %v, want %v", err, errDown)
	}
	if left, err := db.Uncopied(t.Context(), id); err != nil || len(left) != 3 {
		t.Errorf("%d events are left to copy, error %v; want all three", len(left), err)
	}
	if err := eventcopy.New(unmarked{db}, live).Mission(t.Context(), id); !errors.Is(err, errDown) {
		t.Errorf("a source that fails: error %v, want %v", err, errDown)
	}
	if err := eventcopy.New(db, live).Mission(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	expectWhole(t, db, live, id, 3)
}
