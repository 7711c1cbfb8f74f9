package usersdb

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/ledger"
)

// mayBeFast reports whether a batch could take the fast path: no bet is late
// and none comes twice. Whether all are new and covered, the database finds out.
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

// fastBatch is a batch as the arrays that hold_fast takes. Places count from 1,
// as Postgres does.
type fastBatch struct {
	betIDs                 [][16]byte
	betUser, betMission    []int32
	betAmount, betLater    []int64
	users                  [][16]byte
	userSum                []int64
	contribMission         [][16]byte
	contribUser            [][16]byte
	contribSum             []int64
	missions               []uuid.UUID
	missionSum             []int64
	missionPlaces          map[uuid.UUID]int32
	contributionsByMission map[contributionKey]int64
}

type contributionKey struct{ mission, user uuid.UUID }

// newFastBatch prepares bets that are sorted by user. All sums are taken here,
// so that the database only adds one figure to each row it touches.
func newFastBatch(bets []ledger.Bet) *fastBatch {
	f := &fastBatch{missionPlaces: map[uuid.UUID]int32{}, contributionsByMission: map[contributionKey]int64{}}
	f.placeMissions(bets)
	for i, b := range bets {
		if i == 0 || b.UserID != bets[i-1].UserID {
			f.users = append(f.users, b.UserID)
			f.userSum = append(f.userSum, 0)
		}
		f.userSum[len(f.userSum)-1] += int64(b.Amount)
		place := f.missionPlaces[b.MissionID]
		f.missionSum[place-1] += int64(b.Amount)
		f.contributionsByMission[contributionKey{b.MissionID, b.UserID}] += int64(b.Amount)
		f.betIDs = append(f.betIDs, b.ID)
		f.betUser = append(f.betUser, int32(len(f.users)))
		f.betMission = append(f.betMission, place)
		f.betAmount = append(f.betAmount, int64(b.Amount))
	}
	f.sumLater()
	f.sortContributions()
	return f
}

func (f *fastBatch) placeMissions(bets []ledger.Bet) {
	for _, b := range bets {
		if _, known := f.missionPlaces[b.MissionID]; !known {
			f.missionPlaces[b.MissionID] = 0
			f.missions = append(f.missions, b.MissionID)
		}
	}
	slices.SortFunc(f.missions, compareIDs)
	for i, id := range f.missions {
		f.missionPlaces[id] = int32(i + 1)
	}
	f.missionSum = make([]int64, len(f.missions))
}

// sumLater adds up, for each bet, what the same user's later bets come to: the
// wallet's balance after the bet is its balance after the batch plus that.
func (f *fastBatch) sumLater() {
	f.betLater = make([]int64, len(f.betIDs))
	for i := len(f.betIDs) - 2; i >= 0; i-- {
		if f.betUser[i] == f.betUser[i+1] {
			f.betLater[i] = f.betLater[i+1] + f.betAmount[i+1]
		}
	}
}

func (f *fastBatch) sortContributions() {
	keys := make([]contributionKey, 0, len(f.contributionsByMission))
	for key := range f.contributionsByMission {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b contributionKey) int {
		if c := compareIDs(a.mission, b.mission); c != 0 {
			return c
		}
		return compareIDs(a.user, b.user)
	})
	for _, key := range keys {
		f.contribMission = append(f.contribMission, key.mission)
		f.contribUser = append(f.contribUser, key.user)
		f.contribSum = append(f.contribSum, f.contributionsByMission[key])
	}
}

// holdFast writes a batch in one call, if every bet is new and covered and every
// escrow open. Otherwise the call raises codeNotFast and nothing is written.
//
// It is right without reading first, because each assumption is checked by the
// statement that relies on it, while that statement holds the lock: the wallets
// are debited only where they cover the sum, a known bet id makes the insert
// one row short, and a closed escrow makes the last update one row short.
func (d *DB) holdFast(ctx context.Context, bets []ledger.Bet) ([]ledger.Ruling, error) {
	f := newFastBatch(bets)
	const call = `SELECT mission_id, inflow, contributors, version
		FROM hold_fast($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	rows, err := d.pool.Query(ctx, call,
		f.betIDs, f.betUser, f.betMission, f.betAmount, f.betLater,
		f.users, f.userSum, f.contribMission, f.contribUser, f.contribSum, raw(f.missions), f.missionSum)
	if err != nil {
		return nil, fmt.Errorf("call hold_fast: %w", err)
	}
	pots, err := collectPots(rows)
	if err != nil {
		if codeOf(err) == codeNotFast {
			d.exact.Store(true)
		}
		return nil, fmt.Errorf("call hold_fast: %w", err)
	}
	rulings := make([]ledger.Ruling, len(bets))
	for i, b := range bets {
		rulings[i].Decision = ledger.Decision{BetID: b.ID, Outcome: ledger.Held, Pot: pots[b.MissionID]}
	}
	return rulings, nil
}

// collectPots reads rows of (mission_id, inflow, contributors, version).
func collectPots(rows pgx.Rows) (map[uuid.UUID]ledger.Pot, error) {
	pots := map[uuid.UUID]ledger.Pot{}
	var p ledger.Pot
	_, err := pgx.ForEachRow(rows, []any{&p.MissionID, &p.Total, &p.Contributors, &p.Version}, func() error {
		pots[p.MissionID] = p
		return nil
	})
	return pots, err
}
