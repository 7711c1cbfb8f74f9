package ledger

import "github.com/google/uuid"

// Ending is how a mission ended, as the ledger sees it.
type Ending string

// The pot is paid in one case and given back in all others.
const (
	Succeeded Ending = "succeeded" // the streamer did it
	Failed    Ending = "failed"    // the streamer did not
	Expired   Ending = "expired"   // the time limit passed first
	Rejected  Ending = "rejected"  // the streamer declined the mission
	Unfunded  Ending = "unfunded"  // the creator's stake was not covered
	Withdrawn Ending = "withdrawn" // the creator took the mission back
)

// Pays reports whether the pot goes to the streamer. Any other ending refunds.
func (e Ending) Pays() bool { return e == Succeeded }

// Valid reports whether e is one of the endings.
func (e Ending) Valid() bool {
	switch e {
	case Succeeded, Failed, Expired, Rejected, Unfunded, Withdrawn:
		return true
	}
	return false
}

// Contribution is the sum of one user's bets on one mission.
type Contribution struct {
	UserID uuid.UUID
	Amount Won
	Late   Won // the part of it that was logged at the moment of the verdict or later
}

// Payment is cash that leaves an escrow for a wallet.
type Payment struct {
	UserID uuid.UUID
	Amount Won
	Refund bool // the user's own cash coming back; false for the streamer's payout
}

// Settle returns who is paid what when a mission ends. The payments always add
// up to the contributions. If the mission succeeded, the streamer gets the pot,
// except for late bets, which are refunded. Otherwise every contributor gets
// back exactly what they contributed. The SQL of the settlement follows this
// rule set by set and is tested against it.
func Settle(ending Ending, streamer uuid.UUID, held []Contribution) []Payment {
	if !ending.Pays() {
		refunds := make([]Payment, 0, len(held))
		for _, c := range held {
			refunds = append(refunds, Payment{UserID: c.UserID, Amount: c.Amount, Refund: true})
		}
		return refunds
	}
	var pot Won
	var payments []Payment
	for _, c := range held {
		pot += c.Amount - c.Late
		if c.Late > 0 {
			payments = append(payments, Payment{UserID: c.UserID, Amount: c.Late, Refund: true})
		}
	}
	if pot > 0 {
		payments = append(payments, Payment{UserID: streamer, Amount: pot})
	}
	return payments
}
