package sweepbets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// Bounds of one round.
const (
	maxDue     = 1000 // strays whose wait is over
	maxPots    = 1000
	maxCharges = 100 // each is a call to the provider
	// maxStandings is small because a mission may have a million contributors.
	maxStandings = 20
	// quiet is how long a mission must have had no bet before its ranking is made
	// exact. Until then holdbets raises it, every two seconds.
	quiet = 10 * time.Second
	// chargeTime keeps a slow provider from using up the time of the other parts.
	chargeTime = 10 * time.Second
)

// strays publishes bets that still have no outcome. The ledger doubles the wait each time.
func (s *Step) strays(ctx context.Context) error {
	bets, err := s.ledger.DueStrays(ctx, maxDue)
	if err != nil {
		return err
	}
	if len(bets) == 0 {
		return nil
	}
	if err := s.publish(ctx, bets); err != nil {
		return fmt.Errorf("publish %d strays again: %w", len(bets), err)
	}
	return nil
}

// pots publishes pots that changed and were not published.
func (s *Step) pots(ctx context.Context) error {
	pots, err := s.ledger.UnpublishedPots(ctx, s.opts.Age, maxPots)
	if err != nil {
		return err
	}
	if len(pots) == 0 {
		return nil
	}
	events := make([]event.Event, len(pots))
	for i, p := range pots {
		events[i] = event.NewPotChanged(p)
	}
	if err := s.bus.Publish(ctx, events...); err != nil {
		return fmt.Errorf("publish %d pots: %w", len(pots), err)
	}
	return s.ledger.MarkPublished(ctx, pots)
}

// charges asks the payment provider for the outcome of charges whose answer was
// lost. A charge without an answer stays pending for the next round.
func (s *Step) charges(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, chargeTime)
	defer cancel()
	pending, err := s.ledger.PendingCharges(ctx, s.opts.Age, maxCharges)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range pending {
		if err := s.charge(ctx, c); err != nil {
			failed = append(failed, fmt.Errorf("charge %s: %w", c.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Step) charge(ctx context.Context, c ledger.Charge) error {
	status, err := s.provider.Lookup(ctx, c)
	if err != nil || status == ledger.ChargePending {
		return err
	}
	return s.ledger.ResolveCharge(ctx, c.ID, status == ledger.ChargeSucceeded)
}
