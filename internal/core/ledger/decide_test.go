package ledger_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"example.com/missionpot/internal/core/ledger"
)

// Whatever comes in, a wallet never goes below zero, a bet id moves cash once,
// and nothing covered and in time is declined.
func TestDecideNeverOverdrawsAndNeverDeclinesWhatIsCovered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		users := []uuid.UUID{{1}, {2}, {3}}
		missions := []uuid.UUID{{11}, {12}}
		cash := map[uuid.UUID]ledger.Won{}
		left := map[uuid.UUID]ledger.Won{}
		for _, u := range users[:2] { // the third user is unknown
			cash[u] = ledger.Won(rapid.Int64Range(0, 1_000).Draw(t, "cash"))
			left[u] = cash[u]
		}
		closed := rapid.Bool().Draw(t, "second mission closed")
		known := ledger.Known{Cash: cash, Decided: map[uuid.UUID]ledger.DecidedBet{}, Escrows: map[uuid.UUID]ledger.EscrowState{
			missions[0]: {Open: true}, missions[1]: {Open: !closed},
		}}
		bets := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ledger.Bet {
			u := rapid.SampledFrom(users).Draw(t, "user")
			m := rapid.SampledFrom(missions).Draw(t, "mission")
			n := rapid.Uint8Range(0, 30).Draw(t, "id")
			// The contents follow from the id, so that a repeated id is a redelivery.
			return ledger.Bet{ID: uuid.UUID{n, u[0], m[0]}, UserID: u, MissionID: m, Amount: ledger.Won(n)*20 + 1,
				LoggedAt: now, Deadline: now.Add(time.Duration(int(n)%5) * time.Minute)}
		}), 0, 40).Draw(t, "bets")

		rulings, entries := ledger.Decide(bets, known, now)
		first := map[uuid.UUID]ledger.Decision{}
		for i, b := range bets {
			r := rulings[i]
			if r.Err != nil {
				t.Fatalf("bet %d: %v", i, r.Err)
			}
			if before, seen := first[b.ID]; seen {
				if before.Outcome != r.Outcome || before.Reason != r.Reason {
					t.Fatalf("bet %d: %q at first, then %q", i, before.Outcome, r.Outcome)
				}
				continue
			}
			first[b.ID] = r.Decision
			may := b.LoggedAt.Before(b.Deadline) && known.Escrows[b.MissionID].Open && left[b.UserID] >= b.Amount && b.UserID != users[2]
			if may != (r.Outcome == ledger.Held) {
				t.Fatalf("bet %d of %s with %s left: got %q %q", i, b.Amount, left[b.UserID], r.Outcome, r.Reason)
			}
			if r.Outcome == ledger.Held {
				left[b.UserID] -= b.Amount
			}
		}
		if len(entries) != len(first) {
			t.Fatalf("%d rows for %d bets", len(entries), len(first))
		}
		for _, e := range entries {
			if e.BalanceAfter < 0 {
				t.Fatalf("a balance of %s", e.BalanceAfter)
			}
		}
	})
}
