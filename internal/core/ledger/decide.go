package ledger

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Known is what the ledger knows about the bets of a batch while it holds the
// wallets' locks.
type Known struct {
	Cash    map[uuid.UUID]Won         // wallets by user; absent: no such user
	Decided map[uuid.UUID]DecidedBet  // bets with an outcome, by bet id
	Escrows map[uuid.UUID]EscrowState // by mission; absent: no escrow
}

// DecidedBet is a bet's row in the ledger.
type DecidedBet struct {
	UserID    uuid.UUID
	MissionID uuid.UUID
	Amount    Won
	Outcome   Outcome
	Reason    Reason
}

// EscrowState is an escrow as a batch reads it.
type EscrowState struct {
	Open bool
	Pot  Pot
}

// Entry is a row that a decision adds to the ledger.
type Entry struct {
	Bet
	Outcome      Outcome
	Reason       Reason
	BalanceAfter Won // of the wallet
}

// Decide rules on the bets in the order given. It returns one ruling for each
// bet and the rows to write. A bet that was decided before, or is in the batch
// twice, gets its first outcome and no row.
//
// A bet is held if its escrow is open and the wallet still covers it after the
// bets before it. So a small bet may be held after a larger one was declined: a
// covered bet is never declined because of another one.
func Decide(bets []Bet, known Known, now time.Time) ([]Ruling, []Entry) {
	rulings := make([]Ruling, len(bets))
	entries := make([]Entry, 0, len(bets))
	cash := known.Cash
	decided := make(map[uuid.UUID]DecidedBet, len(bets))
	for i, b := range bets {
		rulings[i].BetID = b.ID
		rulings[i].Pot = known.Escrows[b.MissionID].Pot
		rulings[i].Pot.MissionID = b.MissionID
		before, again := known.Decided[b.ID]
		if !again {
			before, again = decided[b.ID]
		}
		if again {
			rulings[i].Outcome, rulings[i].Reason = before.Outcome, before.Reason
			rulings[i].Err = b.sameAs(before)
			continue
		}
		reason, err := b.refusal(known, cash, now)
		if err != nil {
			rulings[i].Err = err
			continue
		}
		e := Entry{Bet: b, Outcome: Held, Reason: reason, BalanceAfter: cash[b.UserID]}
		if reason != "" {
			e.Outcome = Declined
		} else {
			cash[b.UserID] -= b.Amount
			e.BalanceAfter = cash[b.UserID]
		}
		rulings[i].Outcome, rulings[i].Reason = e.Outcome, e.Reason
		decided[b.ID] = DecidedBet{UserID: b.UserID, MissionID: b.MissionID, Amount: b.Amount, Outcome: e.Outcome, Reason: e.Reason}
		entries = append(entries, e)
	}
	return rulings, slices.Clip(entries)
}

func (b Bet) sameAs(before DecidedBet) error {
	if before.UserID != b.UserID || before.MissionID != b.MissionID || before.Amount != b.Amount {
		return ErrPoison
	}
	return nil
}

// refusal returns why the bet can't be held, or an error if it can't be decided yet.
func (b Bet) refusal(known Known, cash map[uuid.UUID]Won, now time.Time) (Reason, error) {
	if b.Late() {
		return TooLate, nil
	}
	escrow, there := known.Escrows[b.MissionID]
	switch {
	case !there && b.Orphaned(now):
		return UnknownMission, nil
	case !there:
		return "", ErrNoEscrow
	case !escrow.Open:
		return MissionClosed, nil
	}
	covered, isUser := cash[b.UserID]
	switch {
	case !isUser:
		return UnknownUser, nil
	case covered < b.Amount:
		return InsufficientCash, nil
	}
	return "", nil
}
