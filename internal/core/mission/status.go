package mission

import "example.com/missionpot/internal/core/ledger"

// Status is the state of a mission, part of the REST contract.
type Status string

// The states. The package comment has their transitions.
const (
	Funding   Status = "funding"
	Proposed  Status = "proposed"
	Active    Status = "active"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Expired   Status = "expired"
	Rejected  Status = "rejected"
	Unfunded  Status = "unfunded"
	Withdrawn Status = "withdrawn"
)

// Decided reports whether the mission has ended.
func (s Status) Decided() bool {
	switch s {
	case Succeeded, Failed, Expired, Rejected, Unfunded, Withdrawn:
		return true
	}
	return false
}

// IsActive is the contract's is_active: a mission people can see and wait for.
func (s Status) IsActive() bool { return s == Proposed || s == Active }

// TakesBets reports whether anyone but the creator's stake may put cash in.
func (s Status) TakesBets() bool { return s == Active }

// Ending is how the ledger must settle a mission in this state. It reports
// false while the mission is undecided.
func (s Status) Ending() (ledger.Ending, bool) {
	if !s.Decided() {
		return "", false
	}
	return ledger.Ending(s), true
}
