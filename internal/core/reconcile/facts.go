package reconcile

import (
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// Rows is the sums of the ledger's rows for one mission, added up by the check
// itself, and the number of its entries in the log.
type Rows struct {
	Held     ledger.Won
	Holds    int64
	Declines int64
	Paid     ledger.Won
	Payouts  int64
	Refunded ledger.Won
	Refunds  int64
	Logged   int64
}

// Plus returns the sum of both.
func (r Rows) Plus(more Rows) Rows {
	return Rows{
		Held: r.Held + more.Held, Holds: r.Holds + more.Holds, Declines: r.Declines + more.Declines,
		Paid: r.Paid + more.Paid, Payouts: r.Payouts + more.Payouts,
		Refunded: r.Refunded + more.Refunded, Refunds: r.Refunds + more.Refunds, Logged: r.Logged + more.Logged,
	}
}

// Escrow is a mission as the users instance knows it, all of it from one
// snapshot. A zero time has not come yet.
type Escrow struct {
	MissionID    uuid.UUID
	Missing      bool // rows of the ledger name it, but there is no escrow
	Closed       bool
	Ending       ledger.Ending
	Inflow       ledger.Won
	Outflow      ledger.Won
	Contributors int
	Version      int64
	ChangedAt    time.Time
	ClosedAt     time.Time
	SettledAt    time.Time
	Rows         Rows
	Given        ledger.Won // sum of its contributions
	Givers       int        // how many there are
	Late         ledger.Won // of the inflow of a mission that succeeded, the part after the verdict
	LateGivers   int        // users who contributed it
	LateGiven    ledger.Won // the sum of their late bets
	Unmailed     int        // users who must get a mail about the settlement and have none
	Pending      int64      // logged bets of it that the check saw without an outcome
}

// Mission is a mission as the missions instance knows it. A zero time has
// not come.
type Mission struct {
	ID           uuid.UUID
	Status       mission.Status
	Pot          ledger.Won
	Contributors int
	PotVersion   int64
	DecidedAt    time.Time
	SettledAt    time.Time
}

// Outcome is what the ledger knows about a logged bet.
type Outcome struct {
	Known     bool
	Kind      string // of the ledger's row
	UserID    uuid.UUID
	MissionID uuid.UUID
	Amount    ledger.Won
	Stray     bool // the sweep has it on its list
}

// Totals are sums and counts over all accounts.
type Totals struct {
	Figures
	Charges         int64 // that succeeded
	NegativeWallets int64
	NegativeEscrows int64
}

// Stretch is the result of reading a part of the ledger.
type Stretch struct {
	Rows     int64
	More     bool // there is more that may be read now
	Findings []Finding
	Missions []uuid.UUID // whose rows were among them
}
