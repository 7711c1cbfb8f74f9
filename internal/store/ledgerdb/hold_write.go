package ledgerdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// held is the bets to hold, as the arrays that hold_batch takes. Indexes start
// at 1, as in Postgres.
type held struct {
	betIDs              [][16]byte
	betUser, betMission []int32
	betAmount, betLater []int64
	betLogged           []time.Time
	users               [][16]byte
	userSum             []int64
	contributions       []contributionSum
	missions            []uuid.UUID
	missionSum          []int64
	missionPlaces       map[uuid.UUID]int32
}

// contributionSum is what one user contributes to one mission with a batch.
// Mission and user are indexes.
type contributionSum struct {
	mission, user int32
	amount        int64
}

// newHeld prepares bets that are sorted by user. All sums are computed here, so
// that the database only adds one figure to each row it updates.
func newHeld(bets []ledger.Bet) *held {
	h := &held{missionPlaces: map[uuid.UUID]int32{}}
	h.placeMissions(bets)
	h.betIDs = make([][16]byte, len(bets))
	h.betUser, h.betMission = make([]int32, len(bets)), make([]int32, len(bets))
	h.betAmount, h.betLogged = make([]int64, len(bets)), make([]time.Time, len(bets))
	for i, b := range bets {
		if i == 0 || b.UserID != bets[i-1].UserID {
			h.users = append(h.users, b.UserID)
			h.userSum = append(h.userSum, 0)
		}
		place := h.missionPlaces[b.MissionID]
		h.userSum[len(h.userSum)-1] += int64(b.Amount)
		h.missionSum[place-1] += int64(b.Amount)
		h.betIDs[i], h.betAmount[i], h.betLogged[i] = b.ID, int64(b.Amount), b.LoggedAt
		h.betUser[i], h.betMission[i] = int32(len(h.users)), place // #nosec G115 -- a batch has 1,000 bets
	}
	h.sumLater()
	h.sumContributions()
	return h
}

func (h *held) placeMissions(bets []ledger.Bet) {
	for _, b := range bets {
		if _, known := h.missionPlaces[b.MissionID]; !known {
			h.missionPlaces[b.MissionID] = 0
			h.missions = append(h.missions, b.MissionID)
		}
	}
	slices.SortFunc(h.missions, compareIDs)
	for i, id := range h.missions {
		h.missionPlaces[id] = int32(i + 1)
	}
	h.missionSum = make([]int64, len(h.missions))
}

// sumLater computes, for each bet, the sum of the same user's later bets. The
// wallet's balance after the bet is its balance after the batch plus that sum.
func (h *held) sumLater() {
	h.betLater = make([]int64, len(h.betIDs))
	for i := len(h.betIDs) - 2; i >= 0; i-- {
		if h.betUser[i] == h.betUser[i+1] {
			h.betLater[i] = h.betLater[i+1] + h.betAmount[i+1]
		}
	}
}

// sumContributions adds up the bets by mission and user, in that order. Indexes
// are in the order of the ids, so sorting by them sorts by the ids.
func (h *held) sumContributions() {
	h.contributions = make([]contributionSum, len(h.betIDs))
	for i := range h.betIDs {
		h.contributions[i] = contributionSum{h.betMission[i], h.betUser[i], h.betAmount[i]}
	}
	if len(h.missions) > 1 {
		slices.SortFunc(h.contributions, func(a, b contributionSum) int {
			if a.mission != b.mission {
				return int(a.mission - b.mission)
			}
			return int(a.user - b.user)
		})
	}
	sums := h.contributions[:0]
	for _, c := range h.contributions {
		if last := len(sums) - 1; last >= 0 && sums[last].mission == c.mission && sums[last].user == c.user {
			sums[last].amount += c.amount
			continue
		}
		sums = append(sums, c)
	}
	h.contributions = sums
}

// contributionArrays are the contributions as three arrays.
func (h *held) contributionArrays() (missions, users []int32, amounts []int64) {
	for _, c := range h.contributions {
		missions, users, amounts = append(missions, c.mission), append(users, c.user), append(amounts, c.amount)
	}
	return missions, users, amounts
}

// declines are the rows of declined bets as arrays.
type declines struct {
	ids, users, missions [][16]byte
	amounts, balances    []int64
	logged               []time.Time
	reasons              []string
}

func newDeclines(entries []ledger.Entry) (d declines) {
	for _, e := range entries {
		d.ids, d.users, d.missions = append(d.ids, e.ID), append(d.users, e.UserID), append(d.missions, e.MissionID)
		d.amounts, d.balances = append(d.amounts, int64(e.Amount)), append(d.balances, int64(e.BalanceAfter))
		d.reasons, d.logged = append(d.reasons, string(e.Reason)), append(d.logged, e.LoggedAt)
	}
	return d
}

// write records held bets, sorted by user, and declined bets in one call and
// one commit. It returns the pots that grew.
//
// It need not read or lock first, because each assumption is checked by the
// statement that relies on it, while that statement holds the lock: wallets are
// debited only if they cover the sum, a bet that has an outcome violates the
// ledger's primary key, and a closed escrow makes the last update one row
// short. In each of these cases nothing is written, and again reports true for
// the error.
func (db *DB) write(ctx context.Context, bets []ledger.Bet, declined []ledger.Entry) (map[uuid.UUID]ledger.Pot, error) {
	h, no := newHeld(bets), newDeclines(declined)
	missions, users, amounts := h.contributionArrays()
	const call = `SELECT mission_id, inflow, contributors, version
		FROM hold_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`
	rows, _ := db.pool.Query(ctx, call,
		h.betIDs, orEmpty(h.betUser), orEmpty(h.betMission), orEmpty(h.betAmount), orEmpty(h.betLogged), orEmpty(h.betLater),
		orEmpty(h.users), orEmpty(h.userSum), orEmpty(missions), orEmpty(users), orEmpty(amounts), pg.IDs(h.missions), h.missionSum,
		orEmpty(no.ids), orEmpty(no.users), orEmpty(no.missions), orEmpty(no.amounts), orEmpty(no.logged), orEmpty(no.balances), orEmpty(no.reasons))
	pots, err := collectPots(rows)
	if err != nil {
		return nil, fmt.Errorf("write %d held and %d declined bets: %w", len(bets), len(declined), err)
	}
	return pots, nil
}

// orEmpty keeps a nil slice from becoming NULL.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// collectPots reads rows of (mission_id, inflow, contributors, version).
func collectPots(rows pgx.Rows) (map[uuid.UUID]ledger.Pot, error) {
	pots := map[uuid.UUID]ledger.Pot{}
	var p ledger.Pot
	_, err := pgx.ForEachRow(rows, []any{&p.MissionID, &p.Amount, &p.Contributors, &p.Version}, func() error {
		pots[p.MissionID] = p
		return nil
	})
	return pots, err
}
