package holdbets

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

// publishTime bounds the publishing of a batch. Its callers give up when their
// own time is over, even if this one is not.
const publishTime = 15 * time.Second

// changes are what a batch must publish: the newest pot of each mission in it,
// and each declined stake.
type changes struct {
	pots   map[uuid.UUID]ledger.Pot          // by mission
	stakes map[uuid.UUID]event.StakeDeclined // by bet
}

func noChanges() changes {
	return changes{pots: map[uuid.UUID]ledger.Pot{}, stakes: map[uuid.UUID]event.StakeDeclined{}}
}

// changesOf collects the changes of a committed batch. It treats a bet that was
// decided at an earlier delivery like one decided now, because the earlier
// delivery may have failed before it published (rule 9). A pot of version 0
// never took in anything, so it is not published. Declines of other bets than
// stakes are not published either: whoever needs them reads the ledger.
func changesOf(bets []ledger.Bet, rulings []ledger.Ruling) changes {
	c := noChanges()
	for i, r := range rulings {
		if r.Err != nil {
			continue
		}
		c.addPot(r.Pot)
		if bet := bets[i]; bet.Stake && r.Outcome == ledger.Declined {
			c.stakes[bet.ID] = event.StakeDeclined{BetID: bet.ID, MissionID: bet.MissionID, Reason: r.Reason}
		}
	}
	return c
}

func (c changes) addPot(p ledger.Pot) {
	if p.Version > c.pots[p.MissionID].Version {
		c.pots[p.MissionID] = p
	}
}

func (c changes) empty() bool { return len(c.pots) == 0 && len(c.stakes) == 0 }

// publication is the publishing of one batch's changes. All callers of the
// batch wait for the same one.
type publication struct {
	done chan struct{}
	err  error // read after done is closed
}

// wait returns nil once the changes are published, and an error if they are not.
func (p *publication) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// publish starts to publish changes, together with those of other batches that
// were committed while the bus was busy.
func (s *Step) publish(ctx context.Context, c changes) *publication {
	p := &publication{done: make(chan struct{})}
	if c.empty() {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
		defer cancel()
		_, p.err = s.changes.Do(ctx, c)
	}()
	return p
}

// announce publishes the changes of several batches and notes which pots were published.
func (s *Step) announce(ctx context.Context, batches []changes) ([]struct{}, error) {
	all := noChanges()
	for _, c := range batches {
		for _, p := range c.pots {
			all.addPot(p)
		}
		maps.Copy(all.stakes, c.stakes)
	}
	var events []event.Event
	var pots []ledger.Pot
	for _, p := range all.pots {
		events = append(events, event.NewPotChanged(p))
		pots = append(pots, p)
	}
	for _, d := range all.stakes {
		events = append(events, d)
	}
	if err := s.bus.Publish(ctx, events...); err != nil {
		return nil, err
	}
	s.followUp.published(ctx, pots)
	return make([]struct{}, len(batches)), nil
}
