package ledger

import "github.com/google/uuid"

// namespace makes the ids of settlement rows differ from every other use of
// the same mission and user ids.
var namespace = uuid.MustParse("6f1b6f0e-54c6-4d5e-9f5b-6a8a5c1c9f10")

// PayoutID is the id of the ledger row that pays a mission's pot out. It is
// made from the mission, so a second payout violates the primary key.
func PayoutID(mission uuid.UUID) uuid.UUID { return settlementID('p', mission, uuid.Nil) }

// RefundID is the id of the ledger row that gives one contributor their cash
// back, made from mission and user. It begins like the mission's id, so that
// the refunds of a mission are next to each other in the index. 74 bits of a
// hash make up the rest (a version 8 UUID of RFC 9562).
func RefundID(mission, user uuid.UUID) uuid.UUID {
	id := settlementID('r', mission, user)
	copy(id[:6], mission[:6])
	id[6] = id[6]&0x0f | 0x80
	return id
}

// LateRefundID is the id of the ledger row that gives one contributor back what they
// put in after the verdict of a mission that succeeded.
func LateRefundID(mission, user uuid.UUID) uuid.UUID { return settlementID('l', mission, user) }

func settlementID(kind byte, mission, user uuid.UUID) uuid.UUID {
	name := make([]byte, 0, 33)
	name = append(name, kind)
	name = append(name, mission[:]...)
	name = append(name, user[:]...)
	return uuid.NewSHA1(namespace, name)
}
