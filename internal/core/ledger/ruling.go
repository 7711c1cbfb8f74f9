package ledger

import (
	"errors"
	"time"

	"github.com/google/uuid"
)

// Reasons why a bet can't be decided. Both are about one bet and never about
// the others in a batch.
var (
	// ErrPoison marks a bet whose id was decided before with other contents. No
	// retry fixes it, and an operator must check it.
	ErrPoison = errors.New("this bet id was decided with other contents")
	// ErrNoEscrow marks a bet that came before its mission's stake. A retry
	// decides it, or declines it as orphaned.
	ErrNoEscrow = errors.New("the mission has no escrow yet")
)

// ErrLasting marks the failure of a batch that would fail again in the same
// way, because something in it is broken. Any other failure is a passing one of
// the database.
var ErrLasting = errors.New("this batch can't be decided")

// Ruling is the result for one bet of a batch: a decision, or the error why there is none.
type Ruling struct {
	Decision
	Err error
}

// BetStatus is a bet's outcome as its owner sees it.
type BetStatus struct {
	BetID     uuid.UUID
	MissionID uuid.UUID
	UserID    uuid.UUID
	Amount    Won
	Status    string // held, declined, paid or refunded
	Reason    Reason // of a decline
	LoggedAt  time.Time
}

// Mark is a place in one shard of the bet log: a time and the last entry read
// at that time.
type Mark struct {
	LoggedAt time.Time // UTC
	Entry    string
}

// ChargeStatus is the state of a charge.
type ChargeStatus string

// A pending charge is resolved once, one way or the other.
const (
	ChargePending   ChargeStatus = "pending"
	ChargeSucceeded ChargeStatus = "succeeded"
	ChargeDeclined  ChargeStatus = "declined"
)

// Charge is cash that comes in from the payment provider.
type Charge struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Amount    Won
	Status    ChargeStatus
	CreatedAt time.Time // UTC
}
