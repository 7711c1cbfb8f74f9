package missionsdb_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

func TestTheCensusCountsMissionsUnderWayAndNoOthers(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	db.Funding(true)
	db.Active()
	db.Active()
	old, settled := db.Active(), db.Active()
	db.Exec(`UPDATE missions SET status = 'failed', decided_at = clock_timestamp() - interval '1 hour' WHERE id = $1`, old.ID)
	db.Exec(`UPDATE missions SET status = 'failed', decided_at = clock_timestamp(), settled_at = clock_timestamp() WHERE id = $1`, settled.ID)
	got, err := db.Census(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.OldestUnsettled < time.Hour || got.OldestUnsettled > time.Hour+10*time.Second {
		t.Errorf("the oldest unsettled verdict is %v old, want an hour", got.OldestUnsettled)
	}
	got.OldestUnsettled = 0
	want := mission.Census{ByStatus: map[mission.Status]int{mission.Funding: 1, mission.Proposed: 0, mission.Active: 2}, Unsettled: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("census (-want +got):\n%s", diff)
	}
}
