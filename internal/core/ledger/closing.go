package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Closing is the verdict as the ledger needs it: how the mission ended and who
// is to be paid and notified. The first closing of an escrow is stored with it;
// later ones change nothing.
type Closing struct {
	MissionID  uuid.UUID
	Ending     Ending
	DecidedAt  time.Time // by the missions instance, UTC; zero if unknown
	StreamerID uuid.UUID
	CreatorID  uuid.UUID
	Title      string // for the e-mails
}

// Settlement is a settled escrow's final figures. Paid + Refunded = Pot.Amount. If
// the mission succeeded, bets after the verdict are refunded.
type Settlement struct {
	Pot
	Ending    Ending
	Paid      Won
	Refunded  Won
	SettledAt time.Time // UTC
}
