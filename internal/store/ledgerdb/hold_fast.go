package ledgerdb

import (
	"context"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// mayBeFast reports whether a batch may take the fast path: no bet is late and
// none is there twice. The database checks that all are new and covered.
func mayBeFast(bets []ledger.Bet) bool {
	seen := make(map[uuid.UUID]struct{}, len(bets))
	for _, b := range bets {
		if b.Late() {
			return false
		}
		seen[b.ID] = struct{}{}
	}
	return len(seen) == len(bets)
}

// holdFast writes a batch on the assumption that every bet is new and covered
// and every escrow open. If that is wrong, nothing is written and again reports
// true for the error.
func (db *DB) holdFast(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	pots, err := db.write(ctx, bets, nil)
	if err != nil {
		return nil, err
	}
	rulings := make([]ledger.Ruling, len(bets))
	for i, b := range bets {
		rulings[i].Decision = ledger.Decision{BetID: b.ID, Outcome: ledger.Held, Pot: pots[b.MissionID]}
	}
	return rulings, nil
}
