package ledgerdb_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// model is the simplest possible ledger, in memory.
type model struct {
	cash    map[uuid.UUID]ledger.Won
	open    map[uuid.UUID]bool
	inflow  map[uuid.UUID]ledger.Won
	put     map[uuid.UUID]map[uuid.UUID]ledger.Won
	decided map[uuid.UUID]ledger.Outcome
}

func (m model) decide(b ledger.Bet) ledger.Outcome {
	if before, again := m.decided[b.ID]; again {
		return before
	}
	outcome := ledger.Declined
	if m.open[b.MissionID] && m.cash[b.UserID] >= b.Amount && !b.Late() {
		outcome = ledger.Held
		m.cash[b.UserID] -= b.Amount
		m.inflow[b.MissionID] += b.Amount
		m.put[b.MissionID][b.UserID] += b.Amount
	}
	m.decided[b.ID] = outcome
	return outcome
}

// settle follows the pure rule, so that the SQL is compared with it.
func (m model) settle(mission uuid.UUID, ending ledger.Ending, streamer uuid.UUID) {
	var held []ledger.Contribution
	for user, amount := range m.put[mission] {
		held = append(held, ledger.Contribution{UserID: user, Amount: amount})
	}
	for _, p := range ledger.Settle(ending, streamer, held) {
		m.cash[p.UserID] += p.Amount
	}
}

// Random charges, bets, duplicates, verdicts and settlements in random order,
// on a real Postgres: the ledger and the model never disagree, and the books
// are right after every step. Some batches are clean and some are mixed, so
// both the fast path and the exact path are taken.
func TestTheLedgerBehavesLikeItsModelWhateverHappensToIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := model{
			cash: map[uuid.UUID]ledger.Won{}, open: map[uuid.UUID]bool{}, inflow: map[uuid.UUID]ledger.Won{},
			put: map[uuid.UUID]map[uuid.UUID]ledger.Won{}, decided: map[uuid.UUID]ledger.Outcome{},
		}
		var users, missions []uuid.UUID
		for range 4 {
			u := f.User(1_000)
			users, m.cash[u] = append(users, u), 1_000
		}
		streamer := f.User(0)
		m.cash[streamer] = 0
		for range 3 {
			id := f.Escrow()
			missions, m.open[id], m.put[id] = append(missions, id), true, map[uuid.UUID]ledger.Won{}
		}
		var placed []ledger.Bet
		drawBet := func(rt *rapid.T) ledger.Bet {
			if len(placed) > 0 && rapid.IntRange(0, 3).Draw(rt, "again") == 0 {
				return rapid.SampledFrom(placed).Draw(rt, "duplicate")
			}
			b := storetest.Bet(rapid.SampledFrom(missions).Draw(rt, "mission"), rapid.SampledFrom(users).Draw(rt, "user"),
				ledger.Won(rapid.Int64Range(1, 400).Draw(rt, "amount")))
			if rapid.IntRange(0, 9).Draw(rt, "late") == 0 {
				b.LoggedAt = b.Deadline.Add(time.Second)
			}
			placed = append(placed, b)
			return b
		}
		rt.Repeat(map[string]func(*rapid.T){
			"bets": func(rt *rapid.T) {
				batch := make([]ledger.Bet, rapid.IntRange(1, 8).Draw(rt, "size"))
				for i := range batch {
					batch[i] = drawBet(rt)
				}
				rulings, err := f.Hold(t.Context(), batch)
				if err != nil {
					rt.Fatalf("hold: %v", err)
				}
				for i, b := range batch {
					if want := m.decide(b); rulings[i].Outcome != want || rulings[i].Err != nil {
						rt.Fatalf("bet %d of %s: got %q %q (%v), the model says %q", i, b.Amount, rulings[i].Outcome, rulings[i].Reason, rulings[i].Err, want)
					}
				}
			},
			"settle": func(rt *rapid.T) {
				id := rapid.SampledFrom(missions).Draw(rt, "mission")
				ending := rapid.SampledFrom([]ledger.Ending{ledger.Succeeded, ledger.Failed, ledger.Expired}).Draw(rt, "ending")
				wasOpen := m.open[id]
				chunk, atOnce := rapid.IntRange(1, 3).Draw(rt, "chunk"), rapid.IntRange(1, 3).Draw(rt, "at once")
				s, _ := f.MustSettleAtOnce(id, ending, streamer, users[0], chunk, atOnce)
				m.open[id] = false
				if s.Pot.Amount != m.inflow[id] || s.Paid+s.Refunded != s.Pot.Amount {
					rt.Fatalf("settled %s, paid %s, refunded %s; the model held %s", s.Pot.Amount, s.Paid, s.Refunded, m.inflow[id])
				}
				if wasOpen {
					m.settle(id, ending, streamer)
				}
			},
			"": func(rt *rapid.T) {
				for user, want := range m.cash {
					if got := f.Cash(user); got != want {
						rt.Fatalf("a wallet has %s, the model says %s", got, want)
					}
				}
			},
		})
	})
	f.CheckBooks()
}
