package mission

import (
	"time"

	"example.com/missionpot/internal/core/ledger"
	"github.com/google/uuid"
)

// Mission is one mission as the missions instance knows it. Times are UTC. A
// nil time has not come yet.
type Mission struct {
	State
	ID           uuid.UUID
	Title        string
	Description  string
	Stake        ledger.Won // the creator's first bet
	TimeLimit    time.Duration
	Terms        Terms
	Revision     int64 // one per event
	Pot          ledger.Won
	Contributors int
	PotVersion   int64
	CreatedAt    time.Time
	AcceptedAt   *time.Time
	DecidedAt    *time.Time
	SettledAt    *time.Time
}

// Closing is the verdict on a decided mission, for the ledger. It reports false
// while the mission is undecided.
func (m Mission) Closing() (ledger.Closing, bool) {
	ending, decided := m.Status.Ending()
	c := ledger.Closing{MissionID: m.ID, Ending: ending, StreamerID: m.StreamerID, CreatorID: m.CreatorID, Title: m.Title}
	if m.DecidedAt != nil {
		c.DecidedAt = m.DecidedAt.UTC()
	}
	return c, decided
}

// Snapshot is what anyone may see of a mission: the body of the REST contract,
// of the live board and of every event.
type Snapshot struct {
	ID               uuid.UUID  `json:"id" doc:"The mission."`
	StreamerID       uuid.UUID  `json:"streamer_id" doc:"Who is to do it, and who judges it."`
	CreatorID        uuid.UUID  `json:"creator_id" doc:"Who asked for it."`
	Title            string     `json:"title"`
	Description      string     `json:"description"`
	Status           Status     `json:"status" enum:"funding,proposed,active,succeeded,failed,expired,rejected,unfunded,withdrawn"`
	IsActive         bool       `json:"is_active" doc:"True while proposed or active."`
	Pot              ledger.Won `json:"reward" doc:"The pot, in won."`
	Contributors     int        `json:"contributors" doc:"How many people put cash in."`
	TimeLimitSeconds int64      `json:"time_limit_seconds" doc:"Counted from acceptance."`
	Deadline         *time.Time `json:"deadline" doc:"When the present state ends by itself; null once decided."`
	CreatedAt        time.Time  `json:"created_at"`
	DecidedAt        *time.Time `json:"decided_at"`
	SettledAt        *time.Time `json:"settled_at"`
}

// Snapshot is the public side of the mission.
func (m Mission) Snapshot() Snapshot {
	s := Snapshot{
		ID: m.ID, StreamerID: m.StreamerID, CreatorID: m.CreatorID, Title: m.Title, Description: m.Description,
		Status: m.Status, IsActive: m.Status.IsActive(), Pot: m.Pot, Contributors: m.Contributors,
		TimeLimitSeconds: int64(m.TimeLimit / time.Second), CreatedAt: m.CreatedAt.UTC(),
		DecidedAt: utc(m.DecidedAt), SettledAt: utc(m.SettledAt),
	}
	if !m.Status.Decided() {
		s.Deadline = utc(&m.Deadline)
	}
	return s
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// EventKind names what happened to a mission.
type EventKind string

// The kinds of events, part of the REST contract.
const (
	WasCreated   EventKind = "created"
	WasProposed  EventKind = "proposed"
	WasAccepted  EventKind = "accepted"
	WasRejected  EventKind = "rejected"
	WasUnfunded  EventKind = "unfunded"
	WasWithdrawn EventKind = "withdrawn"
	PotChanged   EventKind = "pot_changed"
	WasSucceeded EventKind = "succeeded"
	WasFailed    EventKind = "failed"
	WasExpired   EventKind = "expired"
	WasSettled   EventKind = "settled"
)

// Entered is the event of entering a state.
func Entered(s Status) EventKind {
	switch s {
	case Funding:
		return WasCreated
	case Active:
		return WasAccepted
	}
	return EventKind(s)
}

// LastKind is the kind of the mission's newest event. It follows from the state and the
// revision, which each event raises by one: 1 is the creation, then comes the first pot,
// then the acceptance if the streamer wanted to be asked, and every other event before
// the verdict is another pot.
func (m Mission) LastKind() EventKind {
	accepted := int64(2)
	if !m.AutoAccept {
		accepted = 3
	}
	switch {
	case m.SettledAt != nil:
		return WasSettled
	case m.Status == Active && m.Revision > accepted:
		return PotChanged
	}
	return Entered(m.Status)
}

// Event is one entry of a mission's event log. The revisions of a mission rise
// by one, so a reader can check that nothing is missing.
type Event struct {
	Revision int64     `json:"revision"`
	Kind     EventKind `json:"kind" enum:"created,proposed,accepted,rejected,unfunded,withdrawn,pot_changed,succeeded,failed,expired,settled"`
	Mission  Snapshot  `json:"mission" doc:"The mission right after."`
	At       time.Time `json:"at"`
}
