package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"example.com/missionpot/internal/core/ledger"
	"github.com/google/uuid"
)

// Type names a message on the wire, in the attribute "type".
type Type string

// Event is one message. Its JSON is the payload.
type Event interface {
	Type() Type
	Topic() Topic
	// Mission is the mission the event is about, or uuid.Nil.
	Mission() uuid.UUID
	check() error
	// shown is what an operator may see of it.
	shown() map[string]any
}

// BetPlaced reports that a bet is in the log. It is a copy of the log entry.
type BetPlaced struct {
	BetID     uuid.UUID  `json:"bet_id"`
	MissionID uuid.UUID  `json:"mission_id"`
	UserID    uuid.UUID  `json:"user_id"`
	Amount    ledger.Won `json:"amount"` // won
	Stake     bool       `json:"stake,omitempty"`
	LoggedAt  time.Time  `json:"logged_at"`
	Deadline  time.Time  `json:"deadline"`
}

// PotChanged reports what an escrow has taken in, as of a version.
type PotChanged struct {
	MissionID    uuid.UUID  `json:"mission_id"`
	Amount       ledger.Won `json:"pot"` // won, the inflow
	Contributors int        `json:"contributors"`
	Version      int64      `json:"version"`
}

// StakeDeclined reports that a mission's stake was declined, so it can't be
// funded. Declines of other bets are not published: they are read from the
// ledger.
type StakeDeclined struct {
	BetID     uuid.UUID     `json:"bet_id"`
	MissionID uuid.UUID     `json:"mission_id"`
	Reason    ledger.Reason `json:"reason"`
}

// VerdictGiven reports how a mission ended and who is to be paid and notified.
type VerdictGiven struct {
	MissionID  uuid.UUID     `json:"mission_id"`
	Ending     ledger.Ending `json:"ending"`
	StreamerID uuid.UUID     `json:"streamer_id"`
	CreatorID  uuid.UUID     `json:"creator_id"`
	Title      string        `json:"title"`
	DecidedAt  time.Time     `json:"decided_at"`
}

// MissionSettled reports that an escrow is empty, with its final figures.
type MissionSettled struct {
	MissionID    uuid.UUID     `json:"mission_id"`
	Ending       ledger.Ending `json:"ending"`
	Pot          ledger.Won    `json:"pot"` // won; paid + refunded
	Contributors int           `json:"contributors"`
	Version      int64         `json:"version"`
	Paid         ledger.Won    `json:"paid"`     // won, to the streamer
	Refunded     ledger.Won    `json:"refunded"` // won, to the contributors
	SettledAt    time.Time     `json:"settled_at"`
}

// Tick is the clock of the sweeps.
type Tick struct {
	// At is when it was sent, UTC. Cloud Scheduler can't write the time into a
	// message, so it may be missing. The push handler then uses the time when
	// Pub/Sub got the message.
	At time.Time `json:"at,omitzero"`
}

// TickLife is how long a tick is worth handling. Ticks come every minute, the
// shortest period of Cloud Scheduler, or more often. A tick that waited for
// half of that comes from a backlog, and the next one does its work.
const TickLife = 30 * time.Second

// Old reports whether the tick should be dropped.
func (e Tick) Old(now time.Time) bool { return !e.At.IsZero() && now.Sub(e.At) > TickLife }

// The types on the wire.
const (
	TypeBetPlaced      Type = "bet_placed"
	TypePotChanged     Type = "pot_changed"
	TypeStakeDeclined  Type = "stake_declined"
	TypeVerdictGiven   Type = "verdict_given"
	TypeMissionSettled Type = "mission_settled"
	TypeTick           Type = "tick"
)

func (BetPlaced) Type() Type      { return TypeBetPlaced }
func (PotChanged) Type() Type     { return TypePotChanged }
func (StakeDeclined) Type() Type  { return TypeStakeDeclined }
func (VerdictGiven) Type() Type   { return TypeVerdictGiven }
func (MissionSettled) Type() Type { return TypeMissionSettled }
func (Tick) Type() Type           { return TypeTick }

func (BetPlaced) Topic() Topic      { return Bets }
func (PotChanged) Topic() Topic     { return Pots }
func (StakeDeclined) Topic() Topic  { return Pots }
func (VerdictGiven) Topic() Topic   { return Verdicts }
func (MissionSettled) Topic() Topic { return Settlements }
func (Tick) Topic() Topic           { return Ticks }

func (e BetPlaced) Mission() uuid.UUID      { return e.MissionID }
func (e PotChanged) Mission() uuid.UUID     { return e.MissionID }
func (e StakeDeclined) Mission() uuid.UUID  { return e.MissionID }
func (e VerdictGiven) Mission() uuid.UUID   { return e.MissionID }
func (e MissionSettled) Mission() uuid.UUID { return e.MissionID }
func (Tick) Mission() uuid.UUID             { return uuid.Nil }

// ErrMalformed marks a message that no retry can fix.
var ErrMalformed = errors.New("malformed message")

// Decode reads a payload of a type. It is strict: an unknown type, an unknown
// field, trailing data or a missing fact is ErrMalformed.
func Decode(t Type, data []byte) (Event, error) {
	switch t {
	case TypeBetPlaced:
		return decode[BetPlaced](data)
	case TypePotChanged:
		return decode[PotChanged](data)
	case TypeStakeDeclined:
		return decode[StakeDeclined](data)
	case TypeVerdictGiven:
		return decode[VerdictGiven](data)
	case TypeMissionSettled:
		return decode[MissionSettled](data)
	case TypeTick:
		return decode[Tick](data)
	}
	return nil, fmt.Errorf("%w: unknown type %q", ErrMalformed, t)
}

func decode[E Event](data []byte) (Event, error) {
	var e E
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: data after the payload", ErrMalformed)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

// Bet is the log entry as the ledger knows it.
func (e BetPlaced) Bet() ledger.Bet {
	return ledger.Bet{
		ID: e.BetID, MissionID: e.MissionID, UserID: e.UserID, Amount: e.Amount,
		Stake: e.Stake, LoggedAt: e.LoggedAt, Deadline: e.Deadline,
	}
}

// NewBetPlaced returns the event for a log entry.
func NewBetPlaced(b ledger.Bet) BetPlaced {
	return BetPlaced{
		BetID: b.ID, MissionID: b.MissionID, UserID: b.UserID, Amount: b.Amount,
		Stake: b.Stake, LoggedAt: b.LoggedAt, Deadline: b.Deadline,
	}
}

// NewPotChanged returns the event for a pot.
func NewPotChanged(p ledger.Pot) PotChanged {
	return PotChanged{MissionID: p.MissionID, Amount: p.Amount, Contributors: p.Contributors, Version: p.Version}
}

// Pot is the pot that an event reports.
func (e PotChanged) Pot() ledger.Pot {
	return ledger.Pot{MissionID: e.MissionID, Amount: e.Amount, Contributors: e.Contributors, Version: e.Version}
}

// Closing is the verdict as the ledger knows it.
func (e VerdictGiven) Closing() ledger.Closing {
	return ledger.Closing{
		MissionID: e.MissionID, Ending: e.Ending, DecidedAt: e.DecidedAt, StreamerID: e.StreamerID, CreatorID: e.CreatorID, Title: e.Title,
	}
}

// NewVerdictGiven returns the event for a verdict.
func NewVerdictGiven(c ledger.Closing) VerdictGiven {
	return VerdictGiven{
		MissionID: c.MissionID, Ending: c.Ending, StreamerID: c.StreamerID, CreatorID: c.CreatorID, Title: c.Title, DecidedAt: c.DecidedAt.UTC(),
	}
}

// NewMissionSettled returns the event for a settlement.
func NewMissionSettled(s ledger.Settlement) MissionSettled {
	return MissionSettled{
		MissionID: s.MissionID, Ending: s.Ending, Pot: s.Pot.Amount, Contributors: s.Contributors, Version: s.Version,
		Paid: s.Paid, Refunded: s.Refunded, SettledAt: s.SettledAt,
	}
}

// Settlement is the settlement as the ledger knows it.
func (e MissionSettled) Settlement() ledger.Settlement {
	return ledger.Settlement{
		Pot:    ledger.Pot{MissionID: e.MissionID, Amount: e.Pot, Contributors: e.Contributors, Version: e.Version},
		Ending: e.Ending, Paid: e.Paid, Refunded: e.Refunded, SettledAt: e.SettledAt,
	}
}
