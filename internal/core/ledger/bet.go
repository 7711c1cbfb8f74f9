package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Bet is a logged intent to put cash on a mission. It moves nothing by itself.
type Bet struct {
	ID        uuid.UUID
	MissionID uuid.UUID
	UserID    uuid.UUID
	Amount    Won
	Stake     bool      // the creator's first bet, which funds the mission
	LoggedAt  time.Time // the log's own server time, UTC
	Deadline  time.Time // the mission's deadline as it was when the bet was logged, UTC
}

// Outcome is what the ledger decided about a bet.
type Outcome string

// A bet is held or declined, once and for good.
const (
	Held     Outcome = "held"
	Declined Outcome = "declined"
)

// Reason is why a bet was declined. It is empty for a held bet.
type Reason string

// The reasons of a decline, part of the REST contract.
const (
	InsufficientCash Reason = "insufficient_cash" // the wallet did not cover it
	MissionClosed    Reason = "mission_closed"    // the verdict came first
	TooLate          Reason = "too_late"          // logged after the deadline
	UnknownUser      Reason = "unknown_user"      // no such wallet
	UnknownMission   Reason = "unknown_mission"   // its creator's stake never came
)

// FundingTime is how long a mission may wait for its creator's stake. A bet
// without an escrow for that long belongs to a mission that was never funded.
const FundingTime = 15 * time.Minute

// Late reports whether the bet was logged after the deadline logged with it. A
// bet logged exactly at the deadline is late, because the verdict `expired` may
// already have been given at that time.
func (b Bet) Late() bool { return !b.LoggedAt.Before(b.Deadline) }

// Orphaned reports whether a bet without an escrow should be given up. Before
// that the stake may still be under way, and the bet is retried.
func (b Bet) Orphaned(now time.Time) bool { return now.Sub(b.LoggedAt) > FundingTime }

// Pot is what a mission's escrow took in, as of a version. The amount is the
// inflow, never the balance, so it does not shrink while refunds run.
type Pot struct {
	MissionID    uuid.UUID
	Amount       Won
	Contributors int
	Version      int64 // rises with every change of the escrow
}

// Decision is the outcome of one bet with the pot it found or made.
type Decision struct {
	BetID   uuid.UUID
	Outcome Outcome
	Reason  Reason
	Pot     Pot
}
