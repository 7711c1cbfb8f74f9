package pipeline_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/ledgerdb"
)

// Everything goes wrong: clients bet late and too much, messages come twice, late, in any order or
// never, instances die between a commit and its message, verdicts race with bets, and deadlines
// pass. After every step the invariants hold. At the end every bet has one outcome, every decided
// mission is settled, and the missions database shows what the ledger holds.
func TestWhateverHappensTheBooksHoldAndEveryBetHasOneOutcome(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.queue, w.crash = nil, false
		var missions []mission.Mission
		var bets []ledger.Bet
		lost := false
		pick := func(rt *rapid.T) mission.Mission {
			if len(missions) == 0 {
				rt.Skip("no mission yet")
			}
			return w.mission(rt, rapid.SampledFrom(missions).Draw(rt, "mission").ID)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				creator := rapid.SampledFrom(w.accounts).Draw(rt, "creator")
				stake := ledger.Won(rapid.Int64Range(100, 900).Draw(rt, "stake"))
				missions = append(missions, w.create(rt, creator, stake, rapid.Bool().Draw(rt, "auto"), rapid.Bool().Draw(rt, "published")))
			},
			"bet": func(rt *rapid.T) {
				m := pick(rt)
				if m.Status == mission.Funding || m.Status == mission.Proposed {
					rt.Skip("takes no bets yet")
				}
				user := rapid.SampledFrom(w.accounts).Draw(rt, "user")
				bets = append(bets, w.bet(rt, m, user, ledger.Won(rapid.Int64Range(100, 600).Draw(rt, "amount")), rapid.IntRange(0, 3).Draw(rt, "published") > 0))
			},
			"judge": func(rt *rapid.T) {
				action := rapid.SampledFrom([]mission.Action{mission.Accept, mission.Reject, mission.Success, mission.Fail, mission.Withdraw}).Draw(rt, "action")
				w.judge(rt, pick(rt).ID, action, rapid.Bool().Draw(rt, "published"))
			},
			"deadline passes": func(rt *rapid.T) { w.expire(rt, pick(rt).ID) },
			"tick":            func(*rapid.T) { w.queue = append(w.queue, tick()) },
			"deliver":         func(rt *rapid.T) { w.deliverSome(rt, false) },
			"deliver twice":   func(rt *rapid.T) { w.deliverSome(rt, true) },
			"crash after a commit": func(rt *rapid.T) {
				w.crash = true
				w.deliverSome(rt, false)
				w.crash = false
				w.wire(t)
			},
			"lose a message": func(rt *rapid.T) {
				if len(w.queue) == 0 {
					rt.Skip("no message is under way")
				}
				i := rapid.IntRange(0, len(w.queue)-1).Draw(rt, "lost")
				w.queue = append(w.queue[:i:i], w.queue[i+1:]...)
				lost = true
			},
			// A check may run at any moment and must never raise a false alarm.
			"check the books": func(rt *rapid.T) {
				w.checkBooks(rt, reconcile.Options{Grace: time.Nanosecond, Late: time.Hour, Whole: rapid.Bool().Draw(rt, "whole")})
			},
			"": func(rt *rapid.T) { w.users.For(rt).CheckInvariants() },
		})
		// If no message was lost, the sweeps alone finish everything. A pot that was published and
		// became a dead letter is published again with the next bet, or when the mission ends.
		w.sweep(rt)
		if !lost {
			w.checkQuiet(rt, bets)
		}
		for _, m := range missions {
			w.expire(rt, m.ID)
		}
		w.sweep(rt)
		w.checkQuiet(rt, bets)
	})
}

// deliverSome delivers a message drawn from those under way.
func (w *fixture) deliverSome(rt *rapid.T, twice bool) {
	if len(w.queue) == 0 {
		rt.Skip("no message is under way")
	}
	i := rapid.IntRange(0, len(w.queue)-1).Draw(rt, "message")
	if twice {
		w.queue = append(w.queue, w.queue[i])
	}
	// A failed delivery goes back to the queue. The invariants must hold nevertheless.
	_ = w.deliver(i)
}

// The same events are delivered in order, twice, in reverse, and twice in reverse. Wallets, rows
// and pots must not differ.
func TestEveryEventTwiceAndInReverseOrderGivesTheSameBooks(t *testing.T) {
	t.Parallel()
	var want string
	for _, order := range []string{"in order", "twice", "in reverse", "twice in reverse"} {
		w := newFixture(t)
		won := w.create(t, w.accounts[0], 200, true, true)
		lost := w.create(t, w.accounts[1], 300, true, true)
		poor := w.create(t, w.accounts[2], 5_000, true, true)
		w.drain(t)
		// From here on all messages are under way at once.
		for _, m := range []mission.Mission{w.mission(t, won.ID), w.mission(t, lost.ID)} {
			for i, user := range w.accounts {
				w.bet(t, m, user, ledger.Won(100+10*i), true)
			}
		}
		w.shuffleStage(t, order)
		w.judge(t, won.ID, mission.Success, true)
		w.judge(t, lost.ID, mission.Fail, true)
		w.shuffleStage(t, order)
		w.sweep(t)
		w.checkQuiet(t, nil)
		if got := w.mission(t, poor.ID).Status; got != mission.Unfunded {
			t.Errorf("%s: the mission without cash is %s, want unfunded", order, got)
		}
		if got := w.books(t); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%s: the books differ:\n%s\nwant\n%s", order, got, want)
		}
	}
}

// shuffleStage delivers the messages under way, and those that follow from them, stage after stage,
// each in the given order.
func (w *fixture) shuffleStage(t storetest.T, order string) {
	t.Helper()
	for range 100 {
		if len(w.queue) == 0 {
			return
		}
		stage := w.queue
		w.queue = nil
		if order == "twice" || order == "twice in reverse" {
			stage = append(stage, stage...)
		}
		if order == "in reverse" || order == "twice in reverse" {
			for i, j := 0, len(stage)-1; i < j; i, j = i+1, j-1 {
				stage[i], stage[j] = stage[j], stage[i]
			}
		}
		var next []event.Event
		for _, e := range stage {
			w.queue = []event.Event{e}
			if err := w.deliver(0); err != nil {
				t.Fatalf("deliver %T: %v", e, err)
			}
			next = append(next, w.queue...)
		}
		w.queue = next
	}
	t.Fatalf("%d messages are still under way", len(w.queue))
}

// The verdict and the bet are under way together; whichever the ledger sees
// first, the bet is either held and settled or declined.
func TestABetInFlightDuringTheVerdictIsSettledOrDeclinedNeverLost(t *testing.T) {
	t.Parallel()
	for _, betFirst := range []bool{true, false} {
		for _, verdict := range []mission.Action{mission.Success, mission.Fail} {
			w := newFixture(t)
			m := w.create(t, w.accounts[0], 200, true, true)
			w.drain(t)
			m = w.mission(t, m.ID)
			b := w.bet(t, m, w.accounts[1], 300, true)
			w.judge(t, m.ID, verdict, true)
			if !betFirst {
				w.queue[0], w.queue[1] = w.queue[1], w.queue[0]
			}
			w.drain(t)
			w.checkQuiet(t, []ledger.Bet{b})
			statuses, err := ledgerdb.New(w.usersOf["api"]).BetStatuses(w.ctx, []uuid.UUID{b.ID})
			if err != nil {
				t.Fatal(err)
			}
			want := "declined"
			if betFirst {
				want = map[mission.Action]string{mission.Success: "paid", mission.Fail: "refunded"}[verdict]
			}
			if got := statuses[b.ID].Status; got != want {
				t.Errorf("bet first %t, %s: the bet is %q, want %q", betFirst, verdict, got, want)
			}
		}
	}
}
