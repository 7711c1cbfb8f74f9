package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// gate refuses bets that are plainly impossible. It may be wrong a moment later:
// the ledger decides.
type gate struct {
	mode *modeWatch
	seen *missionCache
	now  func() time.Time
}

// check returns the mission, or why it does not take this bet.
func (g *gate) check(ctx context.Context, id, user uuid.UUID, amount ledger.Won) (mission.Mission, error) {
	if err := g.mode.checkOpen(ctx); err != nil {
		return mission.Mission{}, err
	}
	m, err := g.openMission(ctx, id, user)
	if err != nil {
		return mission.Mission{}, err
	}
	if err := m.Terms.CheckBet("body.amount", amount); err != nil {
		return mission.Mission{}, err
	}
	return m, checkCash(ctx, amount)
}

// openMission returns a mission the user may bet on. The mission seen may be a
// second old; before it is refused for its state it is looked at again, so that
// nobody gets a state that has passed.
func (g *gate) openMission(ctx context.Context, id, user uuid.UUID) (mission.Mission, error) {
	m, err := g.seen.get(ctx, id)
	if err != nil {
		return mission.Mission{}, err
	}
	if m.MayBet(user, g.now()) == nil {
		return m, nil
	}
	if m, err = g.seen.fresh(ctx, id); err != nil {
		return mission.Mission{}, err
	}
	return m, m.MayBet(user, g.now())
}

// checkCash refuses a caller whose wallet did not have enough when the call came.
func checkCash(ctx context.Context, amount ledger.Won) error {
	if available := wallet(ctx).Cash; available < amount {
		return fault.InsufficientCash.Because("You have " + available.String() + " available; this takes " + amount.String() + ".")
	}
	return nil
}
