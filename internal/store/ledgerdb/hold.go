package ledgerdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// redos bounds how often a batch is decided again because its data changed
// meanwhile. Each redo means that another transaction committed in between.
const redos = 20

// Hold decides a batch of bets and makes the outcome durable: cash moves from
// the wallets into the escrows, or a row records why not. It returns one ruling
// for each bet, in the order given, with the mission's pot after the batch.
//
// A bet that was decided before gets its first outcome again. An error means
// that nothing was written. It is ledger.ErrLasting if the batch contains
// something that can't be written.
//
// In most batches all bets are new and covered. Those take the fast path, which
// does not read before it writes. Any other batch is first read and decided bet
// by bet. Both paths write with the same call, which checks its assumptions.
func (db *DB) Hold(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	if len(bets) == 0 {
		return nil, nil
	}
	if err := db.openEscrows(ctx, bets); err != nil {
		return nil, err
	}
	order := byUser(bets)
	sorted := make([]ledger.Bet, len(bets))
	for i, place := range order {
		sorted[i] = bets[place]
	}
	rulings, err := db.holdSorted(ctx, sorted)
	if err != nil {
		return nil, fmt.Errorf("hold %d bets: %w", len(bets), lasting(err))
	}
	answers := make([]ledger.Ruling, len(bets))
	for i, place := range order {
		answers[place] = rulings[i]
	}
	return answers, nil
}

// holdSorted decides bets that are sorted by user, on the path that fits.
func (db *DB) holdSorted(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	if !db.exact.Load() && mayBeFast(bets) {
		rulings, err := db.holdFast(ctx, bets)
		if !again(err) {
			return rulings, err
		}
		db.exact.Store(true)
	}
	var err error
	for range redos {
		var rulings []ledger.Ruling
		rulings, err = db.holdExact(ctx, bets)
		if !again(err) {
			return rulings, err
		}
	}
	return nil, fmt.Errorf("decided %d times, each time overtaken: %w", redos, err)
}

// errOvertaken means that another transaction changed what this one had read.
var errOvertaken = errors.New("overtaken by another transaction")

// again reports whether the same work is likely to succeed when it is decided again.
func again(err error) bool {
	if errors.Is(err, errOvertaken) {
		return true
	}
	switch pg.Code(err) {
	case codeOvertaken, pg.Deadlock, pg.Serialization:
		return true
	case pg.Unique:
		return pg.Constraint(err) == ledgerKey
	}
	return false
}

// byUser returns the places of the bets sorted by user and arrival: the order
// in which wallets are locked, and in which one user's bets compete for cash.
func byUser(bets []ledger.Bet) []int {
	order := make([]int, len(bets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return bytes.Compare(bets[a].UserID[:], bets[b].UserID[:])
	})
	return order
}

// openEscrows makes the escrows of the missions whose stake is in the batch. It
// commits on its own: an empty open escrow does no harm, and a mission whose
// verdict came first already has a closed one, which stays.
func (db *DB) openEscrows(ctx context.Context, bets []ledger.Bet) error {
	var missions []uuid.UUID
	for _, b := range bets {
		if b.Stake {
			missions = append(missions, b.MissionID)
		}
	}
	if len(missions) == 0 {
		return nil
	}
	slices.SortFunc(missions, compareIDs)
	missions = slices.Compact(missions)
	const open = `INSERT INTO escrows (mission_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`
	if _, err := db.pool.Exec(ctx, open, pg.IDs(missions)); err != nil {
		return fmt.Errorf("open %d escrows: %w", len(missions), err)
	}
	return nil
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
