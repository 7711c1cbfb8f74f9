package ledger

import "time"

// Totals are the sums of the books, all at one moment.
type Totals struct {
	Wallets         Won           // in all wallets
	Escrows         Won           // in all escrows
	Charged         Won           // all that came in from the payment provider
	OldestUndecided time.Duration // since the oldest bet without an outcome that a sweep found was logged; 0 if there is none
	OldestUnsent    time.Duration // since the escrow closed whose mail has waited longest; 0 if none waits
}

// Drift is what the accounts hold beyond what was charged. The double entry
// keeps it at zero; anything else means that cash was made or lost.
func (t Totals) Drift() Won { return t.Wallets + t.Escrows - t.Charged }
