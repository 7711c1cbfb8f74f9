package holdbets

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/ledger"
)

// tellTime bounds the telling of a batch. Its callers give up when their own
// time is over, whatever is left of this one.
const tellTime = 15 * time.Second

// news is what others must hear of a batch: the newest pot of each mission in
// it, and each declined stake.
type news struct {
	pots   map[uuid.UUID]ledger.Pot        // by mission
	stakes map[uuid.UUID]event.BetDeclined // by bet
}

func noNews() news {
	return news{pots: map[uuid.UUID]ledger.Pot{}, stakes: map[uuid.UUID]event.BetDeclined{}}
}

// newsOf collects the news of a committed batch. It makes no difference between
// a bet decided now and one decided at an earlier delivery: nobody knows
// whether that one got as far as telling (rule 9). A pot of version 0 never
// took anything in, so there is nothing to tell of it; declines of bets other
// than stakes are read from the ledger by whoever asks.
func newsOf(bets []ledger.Bet, rulings []ledger.Ruling) news {
	n := noNews()
	for i, r := range rulings {
		if r.Err != nil {
			continue
		}
		n.addPot(r.Pot)
		if bet := bets[i]; bet.Stake && r.Outcome == ledger.Declined {
			n.stakes[bet.ID] = event.BetDeclined{BetID: bet.ID, MissionID: bet.MissionID, Reason: r.Reason, Stake: true}
		}
	}
	return n
}

func (n news) addPot(p ledger.Pot) {
	if p.Version > n.pots[p.MissionID].Version {
		n.pots[p.MissionID] = p
	}
}

func (n news) empty() bool { return len(n.pots) == 0 && len(n.stakes) == 0 }

// telling is news on its way. All callers of a batch wait for the same one.
type telling struct {
	done chan struct{}
	err  error // read after done is closed
}

// wait returns once the news is told, or with the reason why it is not.
func (t *telling) wait(ctx context.Context) error {
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell sets the telling of news off, together with that of other batches that
// were committed while the bus was busy.
func (s *Step) tell(ctx context.Context, n news) *telling {
	t := &telling{done: make(chan struct{})}
	if n.empty() {
		close(t.done)
		return t
	}
	go func() {
		defer close(t.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
		defer cancel()
		_, t.err = s.news.Do(ctx, n)
	}()
	return t
}

// announce publishes the news of some batches and notes what was told.
func (s *Step) announce(ctx context.Context, batches []news) ([]struct{}, error) {
	all := noNews()
	for _, n := range batches {
		for _, p := range n.pots {
			all.addPot(p)
		}
		maps.Copy(all.stakes, n.stakes)
	}
	var events []event.Event
	var pots []ledger.Pot
	for _, p := range all.pots {
		events = append(events, event.ChangedPot(p))
		pots = append(pots, p)
	}
	for _, d := range all.stakes {
		events = append(events, d)
	}
	if err := s.bus.Publish(ctx, events...); err != nil {
		return nil, err
	}
	s.trail.told(ctx, pots)
	return make([]struct{}, len(batches)), nil
}
