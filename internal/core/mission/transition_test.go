package mission_test

import (
	"testing"

	"example.com/missionpot/internal/core/mission"
)

func TestOnlyWhatAPersonDidCountsAsDone(t *testing.T) {
	t.Parallel()
	actions := []mission.Action{mission.Accept, mission.Reject, mission.Success, mission.Fail, mission.Withdraw, mission.TimeOut}
	for state, done := range map[mission.State]mission.Action{
		{Status: mission.Funding}:                  "",
		{Status: mission.Proposed}:                 "",
		{Status: mission.Active}:                   mission.Accept,
		{Status: mission.Active, AutoAccept: true}: "",
		{Status: mission.Succeeded}:                mission.Success,
		{Status: mission.Failed}:                   mission.Fail,
		{Status: mission.Expired}:                  "",
		{Status: mission.Rejected}:                 mission.Reject,
		{Status: mission.Unfunded}:                 "",
		{Status: mission.Withdrawn}:                mission.Withdraw,
	} {
		for _, a := range actions {
			if got := state.Did(a); got != (a == done) {
				t.Errorf("%s, which accepts itself %t: did %s is %t", state.Status, state.AutoAccept, a, got)
			}
		}
	}
}
