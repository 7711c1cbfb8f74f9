package holdbets

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
)

// outcome is a decided bet that somebody must hear of.
type outcome struct {
	bet    ledger.Bet
	ruling ledger.Ruling
}

// announce tells the outcomes of one or more committed batches and remembers
// what was told. It makes no difference between a bet decided now and one
// decided at an earlier delivery: nobody knows whether that one got as far as
// telling (rule 9).
func (s *Step) announce(ctx context.Context, outcomes []outcome) ([]struct{}, error) {
	pots, stakes := news(outcomes)
	events := make([]event.Event, 0, len(pots)+len(stakes))
	for _, p := range pots {
		events = append(events, event.ChangedPot(p))
	}
	for _, d := range stakes {
		events = append(events, d)
	}
	told := make([]struct{}, len(outcomes))
	if len(events) == 0 {
		return told, nil
	}
	if err := s.bus.Publish(ctx, events...); err != nil {
		return nil, err
	}
	if len(pots) == 0 {
		return told, nil
	}
	return told, s.ledger.MarkPublished(ctx, pots)
}

// news is what the outcomes come to: the newest pot of each mission, and each
// declined stake once. A pot of version 0 never took anything in, so there is
// nothing to tell of it. Declines of other bets are read from the ledger by
// whoever asks.
func news(outcomes []outcome) ([]ledger.Pot, []event.BetDeclined) {
	pots := map[uuid.UUID]ledger.Pot{}
	stakes := map[uuid.UUID]event.BetDeclined{}
	for _, o := range outcomes {
		pot := o.ruling.Pot
		if pot.Version > pots[o.bet.MissionID].Version {
			pots[o.bet.MissionID] = pot
		}
		if o.bet.Stake && o.ruling.Outcome == ledger.Declined {
			stakes[o.bet.ID] = event.BetDeclined{
				BetID: o.bet.ID, MissionID: o.bet.MissionID, Reason: o.ruling.Reason, Stake: true,
			}
		}
	}
	return slices.Collect(maps.Values(pots)), slices.Collect(maps.Values(stakes))
}
