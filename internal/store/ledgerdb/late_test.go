package ledgerdb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

// at is a bet that was logged at a time.
func at(logged time.Time, mission, user uuid.UUID, amount ledger.Won) ledger.Bet {
	b := storetest.Bet(mission, user, amount)
	b.LoggedAt, b.Deadline = logged, logged.Add(time.Hour)
	return b
}

// succeed gives the verdict at a time and settles with as many settlers at once.
func (f fixture) succeed(decided time.Time, mission, streamer, creator uuid.UUID, chunk, settlers int) ledger.Settlement {
	f.t.Helper()
	_, err := f.CloseEscrow(f.t.Context(), ledger.Closing{
		MissionID: mission, Ending: ledger.Succeeded, DecidedAt: decided, StreamerID: streamer, CreatorID: creator, Title: "a mission",
	})
	if err != nil {
		f.t.Fatal(err)
	}
	var all errgroup.Group
	var final ledger.Settlement
	for i := range settlers {
		all.Go(func() error {
			for range 10_000 {
				settled, err := f.SettleChunk(f.t.Context(), mission, chunk)
				if err != nil {
					return err
				}
				if settled != nil {
					if i == 0 {
						final = *settled
					}
					return nil
				}
			}
			return fmt.Errorf("the settlement of %s did not end", mission)
		})
	}
	if err := all.Wait(); err != nil {
		f.t.Fatal(err)
	}
	return final
}

func TestRule22WhatCameAfterTheVerdictIsGivenBackAndNotPaid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer := f.Escrow(), f.User(0)
	ana, ben, cho := f.User(10_000), f.User(10_000), f.User(10_000)
	decided := time.Now().UTC().Truncate(time.Microsecond)
	before, moment, after := at(decided.Add(-time.Millisecond), mission, ana, 1_000), at(decided, mission, ben, 2_000), at(decided.Add(time.Second), mission, ana, 500)
	f.MustHold(before, moment, after, at(decided.Add(-time.Minute), mission, cho, 3_000))
	s := f.succeed(decided, mission, streamer, ana, 1, 1)
	if s.Pot.Amount != 6_500 || s.Paid != 4_000 || s.Refunded != 2_500 {
		t.Errorf("settled as %+v, want 4,000 of 6,500 won paid and 2,500 refunded", s)
	}
	for name, c := range map[string]struct {
		user uuid.UUID
		want ledger.Won
	}{"the streamer": {streamer, 4_000}, "a user who bet before and after": {ana, 9_000}, "a user who bet at that moment": {ben, 10_000}, "a user who bet before": {cho, 7_000}} {
		if got := f.Cash(c.user); got != c.want {
			t.Errorf("%s has %s, want %s", name, got, c.want)
		}
	}
	statuses, err := f.BetStatuses(t.Context(), []uuid.UUID{before.ID, moment.ID, after.ID})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uuid.UUID]string{before.ID: "paid ", moment.ID: "refunded mission_closed", after.ID: "refunded mission_closed"} {
		if got := statuses[id].Status + " " + string(statuses[id].Reason); got != want {
			t.Errorf("a bet is %q, want %q", got, want)
		}
	}
	if n := f.Figure(`SELECT count(*) FROM mails WHERE user_id = $1 AND amount = 1000 AND late = 500 AND total = 4000`, ana); n != 1 {
		t.Error("the mail does not say what was contributed and what was refunded")
	}
	f.CheckBooks()
}

// A mission without a bet before its verdict pays nobody.
func TestAPotOfNothingButLateBetsGoesBackWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.Escrow(), f.User(0), f.User(1_000)
	decided := time.Now().UTC().Add(-time.Second)
	f.MustHold(at(decided.Add(time.Millisecond), mission, ana, 1_000))
	s := f.succeed(decided, mission, streamer, ana, 10, 1)
	if s.Paid != 0 || s.Refunded != 1_000 || f.Cash(ana) != 1_000 || f.Cash(streamer) != 0 {
		t.Errorf("settled as %+v, want all of it refunded", s)
	}
	f.CheckBooks()
}

// While a settlement runs, every user sees exactly the cash they have.
func TestCashIsNeverCountedTwiceWhileLateBetsGoBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer := f.Escrow(), f.User(0)
	decided := time.Now().UTC()
	var users []uuid.UUID
	for range 3 {
		u := f.User(1_000)
		users = append(users, u)
		f.MustHold(at(decided.Add(-time.Second), mission, u, 300), at(decided.Add(time.Second), mission, u, 200))
	}
	c := ledger.Closing{MissionID: mission, Ending: ledger.Succeeded, DecidedAt: decided, StreamerID: streamer, CreatorID: users[0]}
	if _, err := f.CloseEscrow(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for step := 0; ; step++ {
		settled, err := f.SettleChunk(t.Context(), mission, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range users {
			cash, err := f.DB.Cash(t.Context(), u)
			if sum := cash.Available + cash.Held; err != nil || sum != 1_000 && sum != 700 {
				t.Errorf("after %d steps a contributor has %+v (%v), want 1,000 won or, once the pot is paid, 700", step, cash, err)
			}
		}
		if settled != nil {
			break
		}
	}
	f.CheckBooks()
}

// Random bets around random verdicts are held and settled by several instances
// at once. What is paid and what is refunded follows the pure rule, to the won.
func TestPropertyLateBetsFollowTheRule(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for round := range 15 {
		r := rand.New(rand.NewPCG(uint64(round), 1)) // #nosec G404 -- a test's dice
		mission, streamer := f.Escrow(), f.User(0)
		decided := time.Now().UTC().Truncate(time.Microsecond)
		var users []uuid.UUID
		for range 2 + r.IntN(8) {
			users = append(users, f.User(100_000))
		}
		held := map[uuid.UUID]*ledger.Contribution{}
		var all errgroup.Group
		for range 1 + r.IntN(6) {
			var batch []ledger.Bet
			for range 1 + r.IntN(10) {
				u := users[r.IntN(len(users))]
				b := at(decided.Add(time.Duration(r.IntN(2001)-1000)*time.Microsecond), mission, u, ledger.Won(100+r.IntN(900)))
				if held[u] == nil {
					held[u] = &ledger.Contribution{UserID: u}
				}
				held[u].Amount += b.Amount
				if !b.LoggedAt.Before(decided) {
					held[u].Late += b.Amount
				}
				batch = append(batch, b)
			}
			all.Go(func() error { _, err := f.Hold(context.WithoutCancel(t.Context()), batch); return err })
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		contributions := make([]ledger.Contribution, 0, len(held))
		want := map[uuid.UUID]ledger.Won{}
		for u, c := range held {
			contributions = append(contributions, *c)
			want[u] = 100_000 - c.Amount
		}
		for _, p := range ledger.Settle(ledger.Succeeded, streamer, contributions) {
			want[p.UserID] += p.Amount
		}
		f.succeed(decided, mission, streamer, users[0], 1+r.IntN(3), 1+r.IntN(3))
		for u, cash := range want {
			if got := f.Cash(u); got != cash {
				t.Errorf("round %d: %s has %s, want %s", round, u, got, cash)
			}
		}
	}
	f.CheckBooks()
}
