package ledger

import (
	"time"

	"github.com/google/uuid"
)

// Closing is the verdict as the ledger needs it: how the mission ended and who
// is to be paid and told. The first closing of an escrow is stored with it;
// later ones change nothing.
type Closing struct {
	MissionID  uuid.UUID
	Ending     Ending
	DecidedAt  time.Time // by the missions instance, UTC; the zero time if nobody knows
	StreamerID uuid.UUID
	CreatorID  uuid.UUID
	Title      string // for the e-mails
}

// Settlement is a settled escrow's final figures. Paid + Refunded = Total. Of a mission
// that succeeded, what came after the verdict is refunded.
type Settlement struct {
	Pot
	Ending    Ending
	Paid      Won
	Refunded  Won
	SettledAt time.Time // UTC
}
