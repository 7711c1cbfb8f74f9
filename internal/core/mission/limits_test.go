package mission_test

import (
	"errors"
	"testing"
	"time"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

func TestAMissionBeyondALimitIsRefusedAndTheLastOneWithinItIsNot(t *testing.T) {
	t.Parallel()
	limits := mission.Limits{CreatorNew: 30, CreatorOpen: 50, PairOpen: 5}
	for name, c := range map[string]struct {
		limits  mission.Limits
		made    mission.Made
		refused bool
		retry   time.Duration
	}{
		"the first":                    {limits, mission.Made{CreatorNew: 1, CreatorOpen: 1, PairOpen: 1}, false, 0},
		"the last of an hour":          {limits, mission.Made{CreatorNew: 30, CreatorOpen: 1, PairOpen: 1}, false, 0},
		"one more within an hour":      {limits, mission.Made{CreatorNew: 31, CreatorOpen: 1, PairOpen: 1, NextIn: time.Minute}, true, time.Minute},
		"the last open one":            {limits, mission.Made{CreatorNew: 1, CreatorOpen: 50, PairOpen: 1}, false, 0},
		"one more open":                {limits, mission.Made{CreatorNew: 1, CreatorOpen: 51, PairOpen: 1}, true, 0},
		"the last for a streamer":      {limits, mission.Made{CreatorNew: 5, CreatorOpen: 5, PairOpen: 5}, false, 0},
		"one more for a streamer":      {limits, mission.Made{CreatorNew: 6, CreatorOpen: 6, PairOpen: 6}, true, 0},
		"any number without any limit": {mission.Limits{}, mission.Made{CreatorNew: 1000, CreatorOpen: 1000, PairOpen: 1000}, false, 0},
	} {
		err := c.limits.Check(c.made)
		if errors.Is(err, fault.TooManyMissions) != c.refused || (err != nil) != c.refused {
			t.Errorf("%s: got %v, want refused = %t", name, err, c.refused)
		}
		if err != nil && fault.From(err).RetryAfter != c.retry {
			t.Errorf("%s: retry after %v, want %v", name, fault.From(err).RetryAfter, c.retry)
		}
	}
	if limits.None() || !(mission.Limits{}).None() {
		t.Error("None is wrong about whether anything is limited")
	}
}
