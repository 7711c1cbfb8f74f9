package missionsdb_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

// request makes a mission with its own key.
func request(t *testing.T, db storetest.Missions, creator, streamer uuid.UUID, key string) (mission.Mission, error) {
	d := storetest.Draft()
	d.CreatorID, d.StreamerID = creator, streamer
	m, _, err := db.Create(t.Context(), newID(), d, storetest.Terms(true), key, []byte("hash"))
	return m, err
}

func TestCreationsAtOnceStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]mission.Limits{
		"new":               {CreatorNew: 3},
		"open":              {CreatorOpen: 3},
		"open for streamer": {PairOpen: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.NewMissions(t)
			db.Limits = limits
			creator, streamer := newID(), newID()
			var made, refused atomic.Int64
			var all errgroup.Group
			for i := range 12 {
				all.Go(func() error {
					_, err := request(t, db, creator, streamer, fmt.Sprint(i))
					switch {
					case err == nil:
						made.Add(1)
					case errors.Is(err, fault.TooManyMissions):
						refused.Add(1)
					default:
						return err
					}
					return nil
				})
			}
			if err := all.Wait(); err != nil {
				t.Fatal(err)
			}
			if made.Load() != 3 || refused.Load() != 9 {
				t.Errorf("%d missions were made and %d refused, want 3 and 9", made.Load(), refused.Load())
			}
			if _, err := request(t, db, newID(), streamer, "other"); err != nil {
				t.Errorf("another user's mission is refused: %v", err)
			}
		})
	}
}

func TestAKnownKeyGetsItsMissionThoughTheLimitIsReached(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	db.Limits = mission.Limits{CreatorNew: 1, CreatorOpen: 1, PairOpen: 1}
	creator, streamer := newID(), newID()
	first, err := request(t, db, creator, streamer, "first")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := request(t, db, creator, streamer, "second"); !errors.Is(err, fault.TooManyMissions) {
		t.Errorf("the second mission returned %v, want too many", err)
	}
	again, err := request(t, db, creator, streamer, "first")
	if err != nil || again.ID != first.ID {
		t.Errorf("the first key returned %v, %v, want the first mission", again.ID, err)
	}
}

func TestADecidedMissionAndAnHourMakeRoomForAnother(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	db.Limits = mission.Limits{CreatorNew: 2, PairOpen: 1}
	creator, streamer := newID(), newID()
	first, err := request(t, db, creator, streamer, "1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := request(t, db, creator, newID(), "2"); err != nil {
		t.Fatal(err)
	}
	_, err = request(t, db, creator, newID(), "3")
	if wait := fault.From(err).RetryAfter; !errors.Is(err, fault.TooManyMissions) || wait <= 59*time.Minute || wait > time.Hour {
		t.Errorf("the third within an hour returned %v after %v, want too many, and a retry in an hour", err, wait)
	}
	db.Exec(`UPDATE missions SET created_at = created_at - interval '1 hour' WHERE creator_id = $1`, creator)
	if _, err := request(t, db, creator, streamer, "4"); !errors.Is(err, fault.TooManyMissions) {
		t.Errorf("a second open mission for the streamer returned %v, want too many", err)
	}
	db.Exec(`UPDATE missions SET status = 'failed', decided_at = clock_timestamp() WHERE id = $1`, first.ID)
	if _, err := request(t, db, creator, streamer, "4"); err != nil {
		t.Errorf("once the first is decided: %v", err)
	}
}
