package eventcopy_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/missionsdb"
)

// eventful makes a mission with n events.
func eventful(t *testing.T, m storetest.Missions, n int) uuid.UUID {
	t.Helper()
	id := m.Funding(true).ID
	for version := range int64(n - 1) {
		if _, _, err := m.ApplyPot(t.Context(), storetest.Pot(id, version+1)); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// expectWhole checks that the board's log has the revisions 1 to n, once each,
// and that nothing is left to copy.
func expectWhole(t *testing.T, m storetest.Missions, id uuid.UUID, n int) {
	t.Helper()
	events := m.OnBoard(id)
	if len(events) != n {
		t.Fatalf("the board has %d events, want %d", len(events), n)
	}
	for i, e := range events {
		if e.Revision != int64(i+1) {
			t.Errorf("event %d has revision %d", i+1, e.Revision)
		}
	}
	if left, err := m.Uncopied(t.Context(), id); err != nil || len(left) != 0 {
		t.Errorf("%d events are left to copy, error %v; want none", len(left), err)
	}
}

func TestEveryEventIsCopiedOnceHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	const n = 230 // more than two pages
	id := eventful(t, m, n)
	for range 2 {
		if err := m.Copy.Mission(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		expectWhole(t, m, id, n)
	}
}

func TestCopiersAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	id := eventful(t, m, 20)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := eventcopy.New(m, m.Live).Mission(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	expectWhole(t, m, id, 20)
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
	m := storetest.NewMissions(t)
	id := eventful(t, m, 3)
	if err := eventcopy.New(m, downBoard{}).Mission(t.Context(), id); !errors.Is(err, errDown) {
		t.Errorf("a board that is down: error %v, want %v", err, errDown)
	}
	if left, err := m.Uncopied(t.Context(), id); err != nil || len(left) != 3 {
		t.Errorf("%d events are left to copy, error %v; want all three", len(left), err)
	}
	if err := eventcopy.New(unmarked{m.DB}, m.Live).Mission(t.Context(), id); !errors.Is(err, errDown) {
		t.Errorf("a source that fails: error %v, want %v", err, errDown)
	}
	if err := eventcopy.New(m, m.Live).Mission(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	expectWhole(t, m, id, 3)
}

// longSource has more events than one call of Mission copies.
type longSource struct{ left int }

func (s *longSource) Uncopied(context.Context, uuid.UUID) ([]mission.Event, error) {
	if s.left == 0 {
		return nil, nil
	}
	return []mission.Event{{Revision: int64(s.left)}}, nil
}

func (s *longSource) MarkCopied(context.Context, uuid.UUID, int64) error { s.left--; return nil }

// blindBoard takes every event.
type blindBoard struct{}

func (blindBoard) Write(context.Context, []mission.Event) error { return nil }

func TestACallIsBoundedUnlessTheBoardIsRebuilt(t *testing.T) {
	t.Parallel()
	source := &longSource{left: 1000}
	c := eventcopy.New(source, blindBoard{})
	if err := c.Mission(t.Context(), uuid.New()); err == nil || source.left == 0 {
		t.Errorf("one call left %d events, error %v; want it bounded", source.left, err)
	}
	if err := c.All(t.Context(), uuid.New()); err != nil || source.left != 0 {
		t.Errorf("a rebuilt board misses %d events, error %v", source.left, err)
	}
	if err := eventcopy.New(&longSource{left: 1}, downBoard{}).All(t.Context(), uuid.New()); !errors.Is(err, errDown) {
		t.Errorf("a board that is down: error %v, want %v", err, errDown)
	}
}
