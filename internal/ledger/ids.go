package ledger

import "github.com/google/uuid"

// namespace makes the ids of settlement rows differ from every other use of
// the same mission and user ids.
var namespace = uuid.MustParse("6f1b6f0e-54c6-4d5e-9f5b-6a8a5c1c9f10")

// PayoutID is the id of the ledger row that pays a mission's pot out. It is
// made from the mission, so a second payout has nowhere to go.
func PayoutID(mission uuid.UUID) uuid.UUID { return settlementID('p', mission, uuid.Nil) }

// RefundID is the id of the ledger row that gives one contributor their cash
// back, made from mission and user.
func RefundID(mission, user uuid.UUID) uuid.UUID { return settlementID('r', mission, user) }

func settlementID(kind byte, mission, user uuid.UUID) uuid.UUID {
	name := make([]byte, 0, 33)
	name = append(name, kind)
	name = append(name, mission[:]...)
	name = append(name, user[:]...)
	return uuid.NewSHA1(namespace, name)
}
