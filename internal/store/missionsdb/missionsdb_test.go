package missionsdb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func TestACreatedMissionIsReadBackAsItWasMade(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	d, id := storetest.Draft(), newID()
	made, created, err := db.Create(t.Context(), id, d, storetest.Terms(false), "key", []byte("hash"))
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	if diff := cmp.Diff(made, db.Read(id)); diff != "" {
		t.Errorf("read another mission than the one made (-made +read):\n%s", diff)
	}
	want := mission.Mission{
		State: mission.State{Status: mission.Funding, StreamerID: d.StreamerID, CreatorID: d.CreatorID, Deadline: made.Deadline},
		ID:    id, Title: d.Title, Description: d.Description, Stake: d.Stake, TimeLimit: d.TimeLimit, Terms: storetest.Terms(false),
		Revision: 1, CreatedAt: made.CreatedAt,
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("the mission differs from its draft (-want +got):\n%s", diff)
	}
}

func TestRule2TheSameKeyAndRequestGivesTheFirstMissionAgain(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	d := storetest.Draft()
	first, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	again, created, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("hash"))
	if err != nil || created {
		t.Fatalf("a known key: created %v, error %v; want the first mission", created, err)
	}
	if again.ID != first.ID {
		t.Errorf("got mission %s, want the first, %s", again.ID, first.ID)
	}
	if _, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("other")); !errors.Is(err, fault.IdempotencyReused) {
		t.Errorf("another request under the key: error %v, want %v", err, fault.IdempotencyReused)
	}
	other := storetest.Draft()
	if _, created, err := db.Create(t.Context(), newID(), other, storetest.Terms(true), "key", []byte("hash")); err != nil || !created {
		t.Errorf("another creator's same key: created %v, error %v; want a mission of its own", created, err)
	}
}

func TestRule2OneKeyFromManyAtOnceMakesOneMission(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	d := storetest.Draft()
	var mu sync.Mutex
	ids, made := map[uuid.UUID]bool{}, 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			m, created, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("hash"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[m.ID] = true
			if created {
				made++
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || made != 1 {
		t.Errorf("20 requests with one key made %d missions and got %d different ones, want one", made, len(ids))
	}
}

func TestAKeyIsLookedUpBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	d := storetest.Draft()
	if _, _, ok, err := db.ByKey(t.Context(), d.CreatorID, "key"); ok || err != nil {
		t.Fatalf("an unused key: found %v, error %v; want nothing", ok, err)
	}
	m, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	got, hash, ok, err := db.ByKey(t.Context(), d.CreatorID, "key")
	if err != nil || !ok || got.ID != m.ID || string(hash) != "hash" {
		t.Errorf("got %s, hash %q, found %v, error %v; want %s with its hash", got.ID, hash, ok, err, m.ID)
	}
}

func TestAMissionNobodyMadeIsNotFound(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	_, byID := db.ByID(t.Context(), newID())
	_, act := db.Act(t.Context(), newID(), newID(), mission.Success)
	_, _, unfund := db.Unfund(t.Context(), newID())
	_, _, grow := db.ApplyPot(t.Context(), storetest.Pot(newID(), 1))
	_, _, settle := db.Settle(t.Context(), ledger.Settlement{Pot: storetest.Pot(newID(), 1), Ending: ledger.Failed, SettledAt: time.Now()})
	for name, err := range map[string]error{"ByID": byID, "Act": act, "Unfund": unfund, "ApplyPot": grow, "Settle": settle} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: error %v, want %v", name, err, fault.NotFound)
		}
	}
}

func TestTheListIsNewestFirstNarrowedAndPaged(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	streamer, creator := newID(), newID()
	var all []uuid.UUID
	for i := range 6 {
		d := storetest.Draft()
		if i%2 == 0 {
			d.StreamerID = streamer
		}
		if i%3 == 0 {
			d.CreatorID = creator
		}
		m, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), fmt.Sprint(i), []byte("hash"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.ID)
	}
	if _, _, err := db.ApplyPot(t.Context(), storetest.Pot(all[2], 1)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter mission.Filter
		want   []int
	}{
		"all":                 {mission.Filter{Limit: 10}, []int{5, 4, 3, 2, 1, 0}},
		"one page":            {mission.Filter{Limit: 2}, []int{5, 4}},
		"the next page":       {mission.Filter{Limit: 2, Before: all[4]}, []int{3, 2}},
		"of a streamer":       {mission.Filter{Limit: 10, StreamerID: streamer}, []int{4, 2, 0}},
		"of a creator":        {mission.Filter{Limit: 10, CreatorID: creator}, []int{3, 0}},
		"of both":             {mission.Filter{Limit: 10, CreatorID: creator, StreamerID: streamer}, []int{0}},
		"active":              {mission.Filter{Limit: 10, Statuses: []mission.Status{mission.Active}}, []int{2}},
		"funding, of a page":  {mission.Filter{Limit: 2, Statuses: []mission.Status{mission.Funding}, Before: all[4]}, []int{3, 1}},
		"of a streamer, more": {mission.Filter{Limit: 10, StreamerID: streamer, Before: all[2]}, []int{0}},
	} {
		missions, err := db.List(t.Context(), c.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := []uuid.UUID{}
		for _, m := range missions {
			got = append(got, m.ID)
		}
		want := []uuid.UUID{}
		for _, i := range c.want {
			want = append(want, all[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNoMissionIsEverDeleted(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	m := db.Funding(true)
	for _, sql := range []string{
		`DELETE FROM mission_events`, `TRUNCATE mission_events`, `DELETE FROM missions`, `TRUNCATE missions CASCADE`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s succeeded, want a refusal", sql)
		}
	}
	db.Read(m.ID)
}

func TestASnapshotSurvivesItsWayThroughTheDatabase(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	d := storetest.Draft()
	d.Title, d.Description = `<b>"보스" 깨기 \u0000 🎮</b>`, "한 줄\n두 줄\t끝"
	m, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), "key", []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	events, err := db.Uncopied(t.Context(), m.ID)
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, error %v", len(events), err)
	}
	want, _ := json.Marshal(m.Snapshot())
	got, _ := json.Marshal(events[0].Mission)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
