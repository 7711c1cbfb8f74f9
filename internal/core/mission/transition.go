package mission

import (
	"time"

	"example.com/missionpot/internal/core/fault"
	"github.com/google/uuid"
)

// Action is something that moves a mission from one state to the next.
type Action string

// The actions. The streamer does the first four, the creator the next, the
// system the rest.
const (
	Accept   Action = "accept"
	Reject   Action = "reject"
	Success  Action = "success"
	Fail     Action = "fail"
	Withdraw Action = "withdraw"
	Fund     Action = "fund"    // the creator's stake is held
	Unfund   Action = "unfund"  // the creator's stake was declined
	TimeOut  Action = "timeout" // the state's deadline passed
)

// Transition is one arrow in the state diagram.
type Transition struct {
	From Status
	To   Status
	// BeforeDeadline and AfterDeadline say on which side of the state's deadline
	// the arrow may be taken; an arrow with neither may be taken at any time.
	BeforeDeadline bool
	AfterDeadline  bool
}

// Transitions are the arrows an action may take. At most one of them leaves
// each state, except Fund, where the mission's terms choose.
func Transitions(a Action) []Transition {
	switch a {
	case Accept:
		return []Transition{{From: Proposed, To: Active, BeforeDeadline: true}}
	case Reject:
		return []Transition{{From: Proposed, To: Rejected, BeforeDeadline: true}}
	case Success:
		return []Transition{{From: Active, To: Succeeded, BeforeDeadline: true}}
	case Fail:
		return []Transition{{From: Active, To: Failed, BeforeDeadline: true}}
	case Withdraw:
		return []Transition{{From: Proposed, To: Withdrawn, BeforeDeadline: true}}
	case Fund:
		return []Transition{{From: Funding, To: Active}, {From: Funding, To: Proposed}}
	case Unfund:
		return []Transition{{From: Funding, To: Unfunded}}
	case TimeOut:
		return []Transition{
			{From: Funding, To: Unfunded, AfterDeadline: true},
			{From: Proposed, To: Expired, AfterDeadline: true},
			{From: Active, To: Expired, AfterDeadline: true},
		}
	}
	return nil
}

// State is the part of a mission that the rules use.
type State struct {
	Status     Status
	StreamerID uuid.UUID
	CreatorID  uuid.UUID
	AutoAccept bool
	Deadline   time.Time // of the present state, UTC
}

// Next applies an action at an instant. The error is fault.NotActive when the
// state or the deadline does not allow it.
func (s State) Next(a Action, now time.Time) (Status, error) {
	for _, t := range Transitions(a) {
		if t.From != s.Status {
			continue
		}
		if a == Fund && (t.To == Active) != s.AutoAccept {
			continue
		}
		if t.BeforeDeadline && !now.Before(s.Deadline) {
			return "", fault.NotActive.Because("the time is up")
		}
		if t.AfterDeadline && now.Before(s.Deadline) {
			return "", fault.NotActive.Because("the time is not up")
		}
		return t.To, nil
	}
	return "", fault.NotActive.Because("the mission is " + string(s.Status))
}

// Did reports whether a person has done a to the mission, and it is still in the
// state that this led to. A mission that accepted itself, or ended because its
// time was up, is nobody's doing.
func (s State) Did(a Action) bool {
	switch a {
	case Accept:
		return s.Status == Active && !s.AutoAccept
	case Reject:
		return s.Status == Rejected
	case Success:
		return s.Status == Succeeded
	case Fail:
		return s.Status == Failed
	case Withdraw:
		return s.Status == Withdrawn
	}
	return false
}

// MayAct returns nil if a user is the one who may do a to the mission, and
// otherwise fault.NotStreamer or fault.NotCreator.
func (s State) MayAct(a Action, user uuid.UUID) error {
	switch {
	case a == Withdraw && user != s.CreatorID:
		return fault.NotCreator
	case a != Withdraw && user != s.StreamerID:
		return fault.NotStreamer
	}
	return nil
}

// MayBet returns nil if a user may bet on the mission at a time, and otherwise
// fault.OwnMission, fault.NotAccepted or fault.NotActive.
func (s State) MayBet(user uuid.UUID, now time.Time) error {
	if user == s.StreamerID {
		return fault.OwnMission
	}
	if s.Status == Proposed {
		return fault.NotAccepted.Because("Bets are taken once the streamer has accepted.")
	}
	if !s.Status.TakesBets() {
		return fault.NotActive.Because("the mission is " + string(s.Status))
	}
	if !now.Before(s.Deadline) {
		return fault.NotActive.Because("the time is up")
	}
	return nil
}
