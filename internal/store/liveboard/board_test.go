package liveboard

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/standtest"
)

func open(t *testing.T) *Board {
	t.Helper()
	b, err := Open(t.Context(), standtest.Firestore(t), firestore.DefaultDatabaseID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// story is the events 1 to n of a new mission of a streamer: created, accepted,
// then a pot that grows.
func story(streamer uuid.UUID, n int) []mission.Event {
	deadline := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	s := mission.Snapshot{
		ID: uuid.Must(uuid.NewV7()), StreamerID: streamer, CreatorID: uuid.New(), Title: "보스 깨기", Description: "한 번에",
		Status: mission.Funding, TimeLimitSeconds: 3600, Deadline: &deadline, CreatedAt: deadline.Add(-time.Hour),
	}
	events := make([]mission.Event, n)
	for i := range events {
		events[i] = mission.Event{Revision: int64(i + 1), Kind: mission.PotChanged, At: s.CreatedAt.Add(time.Duration(i) * time.Second)}
		switch i {
		case 0:
			events[i].Kind = mission.WasCreated
		case 1:
			events[i].Kind, s.Status, s.IsActive = mission.WasAccepted, mission.Active, true
		}
		s.Pot, s.Contributors = ledger.Won(1000*i), i
		events[i].Mission = s
	}
	return events
}

func (b *Board) mustWrite(t *testing.T, events ...mission.Event) {
	t.Helper()
	if err := b.Write(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// shownOn reads what the board of a mission shows.
func (b *Board) shownOn(t *testing.T, id uuid.UUID) mission.Event {
	t.Helper()
	doc, err := b.client.Collection(boards).Doc(id.String()).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := readBoard(doc)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheLogAndTheBoardShowWhatWasWritten(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 12)
	id := events[0].Mission.ID
	decided, settled := time.Now().UTC().Truncate(time.Microsecond), time.Now().UTC().Truncate(time.Microsecond)
	last := &events[11]
	last.Kind, last.Mission.Status, last.Mission.IsActive, last.Mission.Deadline = mission.WasSettled, mission.Failed, false, nil
	last.Mission.DecidedAt, last.Mission.SettledAt = &decided, &settled
	b.mustWrite(t, events...)
	for _, c := range []struct {
		after int64
		limit int
		want  []mission.Event
	}{{0, 100, events}, {3, 5, events[3:8]}, {9, 100, events[9:]}, {12, 100, nil}} {
		got, err := b.Events(t.Context(), id, c.after, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]mission.Event{}, c.want...), got); diff != "" {
			t.Errorf("%d events after %d (-want +got):\n%s", c.limit, c.after, diff)
		}
	}
	if diff := cmp.Diff(*last, b.shownOn(t, id)); diff != "" {
		t.Errorf("the board (-want +got):\n%s", diff)
	}
	if got, err := b.Events(t.Context(), uuid.New(), 0, 10); err != nil || len(got) != 0 {
		t.Errorf("a mission nobody made has %d events, error %v; want none", len(got), err)
	}
}

func TestRule13TheBoardTakesOnlyANewerRevision(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 3)
	id := events[0].Mission.ID
	for _, i := range []int{2, 0, 1, 2} { // newest first, then late, then again
		b.mustWrite(t, events[i])
		if got := b.shownOn(t, id); got.Revision != 3 {
			t.Errorf("after writing revision %d the board shows %d, want it to stay at 3", i+1, got.Revision)
		}
	}
	got, err := b.Events(t.Context(), id, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events, got); diff != "" {
		t.Errorf("the log, written in reverse (-want +got):\n%s", diff)
	}
}

func TestRule13AnEventIsNeverRewritten(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 2)
	b.mustWrite(t, events...)
	forged := events[0]
	forged.Mission.Title = "another"
	b.mustWrite(t, forged)
	got, err := b.Events(t.Context(), forged.Mission.ID, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events, got); diff != "" {
		t.Errorf("the log changed (-want +got):\n%s", diff)
	}
}

func TestRule13WritersAtOnceLeaveTheNewestOnTheBoard(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 10)
	id := events[0].Mission.ID
	var wg sync.WaitGroup
	for _, to := range rand.Perm(len(events)) {
		wg.Go(func() {
			if err := b.Write(t.Context(), events[:to+1]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(events[9], b.shownOn(t, id)); diff != "" {
		t.Errorf("the board (-want +got):\n%s", diff)
	}
	got, err := b.Events(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events, got); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

func TestRule14AnEventsIDIsItsRevisionZeroPadded(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 2)
	b.mustWrite(t, events...)
	doc, err := b.log(events[0].Mission.ID).Doc("0000000000000000002").Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e, err := readEvent(doc); err != nil || e.Revision != 2 {
		t.Errorf("it is revision %d, error %v; want 2", e.Revision, err)
	}
}

func TestEventsOfTwoMissionsOrOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t)
	one, other := story(uuid.New(), 2), story(uuid.New(), 2)
	for name, events := range map[string][]mission.Event{
		"two missions": {one[0], other[1]},
		"out of order": {one[1], one[0]},
		"twice":        {one[0], one[0]},
	} {
		if err := b.Write(t.Context(), events); err == nil {
			t.Errorf("%s: written, want an error", name)
		}
	}
	if err := b.Write(t.Context(), nil); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
}

func TestAMissionIsFlatOnTheBoardForQueries(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 2)
	b.mustWrite(t, events...)
	m := events[1].Mission
	doc, err := b.client.Collection(boards).Doc(m.ID.String()).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"mission_id": m.ID.String(), "streamer_id": m.StreamerID.String(), "status": "active", "is_active": true, "revision": int64(2),
	} {
		if got := doc.Data()[field]; got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	if at, ok := doc.Data()["updated_at"].(time.Time); !ok || time.Since(at).Abs() > time.Minute {
		t.Errorf("updated_at is %v, want the time of the write", fmt.Sprint(doc.Data()["updated_at"]))
	}
}
