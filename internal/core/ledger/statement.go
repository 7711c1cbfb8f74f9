package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Cash is what one person has, in won.
type Cash struct {
	Available Won // in the wallet
	Held      Won // in the pots of missions that are not settled
}

// StatementLine is one line of a person's account statement: cash that came into the
// wallet (positive) or left it (negative).
type StatementLine struct {
	ID           uuid.UUID
	Seq          int64  // rises with every row of the ledger
	Kind         string // charge, hold, payout or refund
	Amount       Won
	MissionID    uuid.UUID // uuid.Nil for a charge
	BalanceAfter Won
	CreatedAt    time.Time // UTC
}

// Contributor is one user who put cash on one mission.
type Contributor struct {
	MissionID uuid.UUID
	UserID    uuid.UUID
}

// Standing is one line of a mission's ranking.
type Standing struct {
	UserID      uuid.UUID
	DisplayName string
	Amount      Won
}
