package mission

import (
	"fmt"
	"time"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/text"
	"github.com/google/uuid"
)

// How long a mission may stay in a state before the system ends it.
const (
	FundingTime     = ledger.FundingTime
	AcceptanceTime  = 24 * time.Hour     // the default for a proposed mission
	MaxAcceptance   = 7 * 24 * time.Hour // the most a streamer's setting may allow
	MinTimeLimit    = 60 * time.Second
	MaxTimeLimit    = 7 * 24 * time.Hour
	MaxTitle        = 100  // characters
	MaxDescription  = 1000 // characters
	DefaultMinStake = ledger.MinBet
	DefaultMaxStake = ledger.MaxBet
)

// Terms are the streamer's settings, fixed into a mission when it is created.
type Terms struct {
	AutoAccept bool
	MinStake   ledger.Won
	MaxStake   ledger.Won
	Acceptance time.Duration // how long the streamer has to accept
}

// Check refuses settings outside the contract's limits with fault.Invalid.
func (t Terms) Check() error {
	if t.MinStake < ledger.MinBet || t.MinStake > ledger.MaxBet {
		return fault.Invalid.On("body.min_stake", betRange(ledger.MinBet, ledger.MaxBet))
	}
	if t.MaxStake < t.MinStake || t.MaxStake > ledger.MaxBet {
		return fault.Invalid.On("body.max_stake", betRange(t.MinStake, ledger.MaxBet))
	}
	if t.Acceptance <= 0 || t.Acceptance > MaxAcceptance {
		return fault.Invalid.On("body.acceptance_seconds", "must be between 1 second and 7 days")
	}
	return nil
}

// CheckBet refuses an amount outside these terms with fault.Invalid. The field
// names the amount in the request, such as "body.amount".
func (t Terms) CheckBet(field string, amount ledger.Won) error {
	if amount < t.MinStake || amount > t.MaxStake {
		return fault.Invalid.On(field, betRange(t.MinStake, t.MaxStake))
	}
	return nil
}

func betRange(low, high ledger.Won) string {
	return fmt.Sprintf("must be from %d to %d won", int64(low), int64(high))
}

// Draft is a requested mission.
type Draft struct {
	CreatorID   uuid.UUID
	StreamerID  uuid.UUID
	Title       string
	Description string
	Stake       ledger.Won
	TimeLimit   time.Duration // whole seconds
}

// Check refuses a draft that breaks a rule, with fault.OwnMission or
// fault.Invalid. The terms are those of the mission's streamer.
func (d Draft) Check(terms Terms) error {
	if d.CreatorID == d.StreamerID {
		return fault.OwnMission
	}
	if err := text.Line("body.title", d.Title, 1, MaxTitle); err != nil {
		return err
	}
	if err := text.Lines("body.description", d.Description, 0, MaxDescription); err != nil {
		return err
	}
	if d.TimeLimit < MinTimeLimit || d.TimeLimit > MaxTimeLimit {
		return fault.Invalid.On("body.time_limit_seconds", "must be from 60 seconds to 7 days")
	}
	return terms.CheckBet("body.stake", d.Stake)
}
