package missionsdb_test

import (
	"context"
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
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
)

// fixture is a missions database for one test.
type fixture struct {
	*missionsdb.DB
	t    testing.TB
	pool *pg.Pool
}

func open(t testing.TB) *fixture {
	t.Helper()
	pool := standtest.Pool(t, standtest.MissionsDatabase(t), 8)
	return &fixture{DB: missionsdb.New(pool), t: t, pool: pool}
}

// exec runs SQL directly, to change times or to break something.
func (f *fixture) exec(sql string, args ...any) error {
	f.t.Helper()
	_, err := f.pool.Exec(context.Background(), sql, args...)
	return err
}

func (f *fixture) mustExec(sql string, args ...any) {
	f.t.Helper()
	if err := f.exec(sql, args...); err != nil {
		f.t.Fatalf("%s: %v", sql, err)
	}
}

// passDeadline moves a mission's present deadline into the past.
func (f *fixture) passDeadline(id uuid.UUID) {
	f.t.Helper()
	f.mustExec(`UPDATE missions SET deadline = clock_timestamp() - interval '1 millisecond' WHERE id = $1`, id)
}

func draft() mission.Draft {
	return mission.Draft{
		CreatorID: newID(), StreamerID: newID(), Title: "Finish the boss", Description: "Without\na hit",
		Stake: 5000, TimeLimit: time.Hour,
	}
}

func terms(autoAccept bool) mission.Terms {
	return mission.Terms{AutoAccept: autoAccept, MinStake: 100, MaxStake: 1_000_000, Acceptance: 24 * time.Hour}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// funding makes a mission that waits for its stake.
func (f *fixture) funding(autoAccept bool) mission.Mission {
	f.t.Helper()
	m, created, err := f.Create(context.Background(), newID(), draft(), terms(autoAccept), newID().String(), []byte("hash"))
	if err != nil || !created {
		f.t.Fatalf("create: created %v, error %v", created, err)
	}
	return m
}

// active makes a mission that takes bets.
func (f *fixture) active() mission.Mission {
	f.t.Helper()
	m := f.funding(true)
	m, changed, err := f.ApplyPot(context.Background(), pot(m.ID, 1))
	if err != nil || !changed || m.Status != mission.Active {
		f.t.Fatalf("fund: %s, changed %v, error %v", m.Status, changed, err)
	}
	return m
}

// pot is the pot of a version: one more contributor and 1,000 won each time.
func pot(id uuid.UUID, version int64) ledger.Pot {
	return ledger.Pot{MissionID: id, Total: ledger.Won(4000 + 1000*version), Contributors: int(version), Version: version}
}

func (f *fixture) read(id uuid.UUID) mission.Mission {
	f.t.Helper()
	m, err := f.ByID(context.Background(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func TestACreatedMissionIsReadBackAsItWasMade(t *testing.T) {
	t.Parallel()
	db := open(t)
	d, id := draft(), newID()
	made, created, err := db.Create(t.Context(), id, d, terms(false), "key", []byte("hash"))
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	if diff := cmp.Diff(made, db.read(id)); diff != "" {
		t.Errorf("read another mission than the one made (-made +read):\n%s", diff)
	}
	want := mission.Mission{
		State: mission.State{Status: mission.Funding, StreamerID: d.StreamerID, CreatorID: d.CreatorID, Deadline: made.Deadline},
		ID:    id, Title: d.Title, Description: d.Description, Stake: d.Stake, TimeLimit: d.TimeLimit, Terms: terms(false),
		Revision: 1, CreatedAt: made.CreatedAt,
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("the mission differs from its draft (-want +got):\n%s", diff)
	}
}

func TestRule2TheSameKeyAndRequestGivesTheFirstMissionAgain(t *testing.T) {
	t.Parallel()
	db := open(t)
	d := draft()
	first, _, err := db.Create(t.Context(), newID(), d, terms(true), "key", []byte("hash"))
	if err != nil {
		t.Fatal(err)
	}
	again, created, err := db.Create(t.Context(), newID(), d, terms(true), "key", []byte("hash"))
	if err != nil || created {
		t.Fatalf("a known key: created %v, error %v; want the first mission", created, err)
	}
	if again.ID != first.ID {
		t.Errorf("got mission %s, want the first, %s", again.ID, first.ID)
	}
	if _, _, err := db.Create(t.Context(), newID(), d, terms(true), "key", []byte("other")); !errors.Is(err, fault.IdempotencyReused) {
		t.Errorf("another request under the key: error %v, want %v", err, fault.IdempotencyReused)
	}
	other := draft()
	if _, created, err := db.Create(t.Context(), newID(), other, terms(true), "key", []byte("hash")); err != nil || !created {
		t.Errorf("another creator's same key: created %v, error %v; want a mission of its own", created, err)
	}
}

func TestRule2OneKeyFromManyAtOnceMakesOneMission(t *testing.T) {
	t.Parallel()
	db := open(t)
	d := draft()
	var mu sync.Mutex
	ids, made := map[uuid.UUID]bool{}, 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			m, created, err := db.Create(t.Context(), newID(), d, terms(true), "key", []byte("hash"))
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
	db := open(t)
	d := draft()
	if _, _, ok, err := db.ByKey(t.Context(), d.CreatorID, "key"); ok || err != nil {
		t.Fatalf("an unused key: found %v, error %v; want nothing", ok, err)
	}
	m, _, err := db.Create(t.Context(), newID(), d, terms(true), "key", []byte("hash"))
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
	db := open(t)
	_, byID := db.ByID(t.Context(), newID())
	_, act := db.Act(t.Context(), newID(), newID(), mission.Success)
	_, _, unfund := db.Unfund(t.Context(), newID())
	_, _, grow := db.ApplyPot(t.Context(), pot(newID(), 1))
	_, _, settle := db.Settle(t.Context(), ledger.Settlement{Pot: pot(newID(), 1), Ending: ledger.Failed, SettledAt: time.Now()})
	for name, err := range map[string]error{"ByID": byID, "Act": act, "Unfund": unfund, "ApplyPot": grow, "Settle": settle} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: error %v, want %v", name, err, fault.NotFound)
		}
	}
}

func TestTheListIsNewestFirstNarrowedAndPaged(t *testing.T) {
	t.Parallel()
	db := open(t)
	streamer, creator := newID(), newID()
	var all []uuid.UUID
	for i := range 6 {
		d := draft()
		if i%2 == 0 {
			d.StreamerID = streamer
		}
		if i%3 == 0 {
			d.CreatorID = creator
		}
		m, _, err := db.Create(t.Context(), newID(), d, terms(true), fmt.Sprint(i), []byte("hash"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.ID)
	}
	if _, _, err := db.ApplyPot(t.Context(), pot(all[2], 1)); err != nil {
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
	db := open(t)
	m := db.funding(true)
	for _, sql := range []string{
		`DELETE FROM mission_events`, `TRUNCATE mission_events`, `DELETE FROM missions`, `TRUNCATE missions CASCADE`,
	} {
		if err := db.exec(sql); err == nil {
			t.Errorf("%s succeeded, want a refusal", sql)
		}
	}
	db.read(m.ID)
}
