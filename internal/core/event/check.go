package event

import (
	"errors"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// The checks ensure what every step relies on. They check the shape and not the
// limits, because a bet that was logged under earlier limits must still get its
// outcome.

func (e BetPlaced) check() error {
	switch {
	case e.BetID == uuid.Nil || e.MissionID == uuid.Nil || e.UserID == uuid.Nil:
		return errors.New("an id is missing")
	case e.Amount <= 0:
		return errors.New("the amount is not positive")
	case e.LoggedAt.IsZero() || e.Deadline.IsZero():
		return errors.New("a time is missing")
	}
	return nil
}

func (e PotChanged) check() error {
	return checkPot(e.Pot())
}

func (e StakeDeclined) check() error {
	switch {
	case e.BetID == uuid.Nil || e.MissionID == uuid.Nil:
		return errors.New("an id is missing")
	case e.Reason == "":
		return errors.New("the reason is missing")
	}
	return nil
}

func (e VerdictGiven) check() error {
	switch {
	case e.MissionID == uuid.Nil || e.StreamerID == uuid.Nil || e.CreatorID == uuid.Nil:
		return errors.New("an id is missing")
	case !e.Ending.Valid():
		return errors.New("the ending is unknown")
	}
	return nil
}

func (e MissionSettled) check() error {
	switch {
	case !e.Ending.Valid():
		return errors.New("the ending is unknown")
	case e.Paid < 0 || e.Refunded < 0 || e.Paid+e.Refunded != e.Pot:
		return errors.New("paid and refunded do not add up to the pot")
	}
	return checkPot(ledger.Pot{MissionID: e.MissionID, Amount: e.Pot, Contributors: e.Contributors, Version: e.Version})
}

func (Tick) check() error { return nil }

func checkPot(p ledger.Pot) error {
	switch {
	case p.MissionID == uuid.Nil:
		return errors.New("the mission is missing")
	case p.Amount < 0 || p.Contributors < 0 || p.Version < 0:
		return errors.New("a figure is negative")
	}
	return nil
}
