package ledgerdb_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func TestSuccessPaysThePotToTheStreamer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana, ben := f.Escrow(), f.User(0), f.User(1_000), f.User(1_000)
	paid := storetest.Bet(mission, ben, 400)
	f.MustHold(storetest.Bet(mission, ana, 600), paid)
	s := f.MustSettle(mission, ledger.Succeeded, streamer, ana, 1)
	if s.Paid != 1_000 || s.Refunded != 0 || f.Cash(streamer) != 1_000 {
		t.Errorf("paid %s, refunded %s, streamer has %s; want 1,000, 0, 1,000", s.Paid, s.Refunded, f.Cash(streamer))
	}
	statuses, err := f.BetStatuses(t.Context(), []uuid.UUID{paid.ID})
	if err != nil || statuses[paid.ID].Status != "paid" {
		t.Errorf("status: got %q (%v), want paid", statuses[paid.ID].Status, err)
	}
	if n := f.Figure(`SELECT count(*) FROM mails WHERE mission_id = $1`, mission); n != 3 {
		t.Errorf("mails: got %d, want one each for ana, ben and the streamer", n)
	}
	f.CheckBooks()
}

func TestAnyOtherEndingGivesEveryoneTheirCashBack(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Expired, ledger.Rejected, ledger.Unfunded, ledger.Withdrawn} {
		f := newFixture(t)
		mission, streamer := f.Escrow(), f.User(0)
		users := []uuid.UUID{f.User(1_000), f.User(1_000), f.User(1_000)}
		var bets []ledger.Bet
		for i, u := range users {
			bets = append(bets, storetest.Bet(mission, u, ledger.Won(100*(i+1))), storetest.Bet(mission, u, 100))
		}
		f.MustHold(bets...)
		s := f.MustSettle(mission, ending, streamer, users[0], 2)
		if s.Refunded != 900 || s.Paid != 0 || f.Cash(streamer) != 0 {
			t.Errorf("%s: refunded %s, paid %s; want 900 and 0", ending, s.Refunded, s.Paid)
		}
		for _, u := range users {
			if f.Cash(u) != 1_000 {
				t.Errorf("%s: a contributor has %s, want their 1,000 won back", ending, f.Cash(u))
			}
		}
		statuses, err := f.BetStatuses(t.Context(), []uuid.UUID{bets[0].ID})
		if err != nil || statuses[bets[0].ID].Status != "refunded" {
			t.Errorf("%s: status: got %q (%v), want refunded", ending, statuses[bets[0].ID].Status, err)
		}
		f.CheckBooks()
	}
}

func TestRule7TheStoredEndingIsPaidNotTheMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.Escrow(), f.User(0), f.User(500)
	f.MustHold(storetest.Bet(mission, ana, 500))
	closing := ledger.Closing{MissionID: mission, Ending: ledger.Failed, StreamerID: streamer, CreatorID: ana, Title: "t"}
	if _, err := f.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	closing.Ending = ledger.Succeeded
	stored, err := f.CloseEscrow(t.Context(), closing)
	if err != nil || stored != ledger.Failed {
		t.Fatalf("a second closing: got %q (%v), want the first one's failed", stored, err)
	}
	s := f.MustSettle(mission, ledger.Succeeded, streamer, ana, 10)
	if s.Ending != ledger.Failed || f.Cash(ana) != 500 || f.Cash(streamer) != 0 {
		t.Errorf("ending %q, ana has %s, streamer %s; want failed, 500 won, 0 won", s.Ending, f.Cash(ana), f.Cash(streamer))
	}
	f.CheckBooks()
}

func TestRule7ManySettlersPayOnce(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Succeeded} {
		f := newFixture(t)
		mission, streamer := f.Escrow(), f.User(0)
		var bets []ledger.Bet
		for range 60 {
			bets = append(bets, storetest.Bet(mission, f.User(300), 200))
		}
		f.MustHold(bets...)
		if _, err := f.CloseEscrow(t.Context(), ledger.Closing{MissionID: mission, Ending: ending, StreamerID: streamer, CreatorID: bets[0].UserID, Title: "t"}); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for n := range 6 {
			wait.Go(func() {
				for range 1_000 {
					s, err := f.SettleChunks(t.Context(), mission, 7, 1+n%3)
					if err != nil {
						t.Errorf("settle: %v", err)
						return
					}
					if s != nil {
						if s.Paid+s.Refunded != 12_000 {
							t.Errorf("%s: paid %s and refunded %s of 12,000 won", ending, s.Paid, s.Refunded)
						}
						return
					}
				}
				t.Error("not settled after 1,000 chunks")
			})
		}
		wait.Wait()
		f.CheckBooks()
	}
}

func TestRule8AVerdictWithoutAnEscrowLeavesAClosedOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := uuid.Must(uuid.NewV7()), f.User(0), f.User(500)
	s := f.MustSettle(mission, ledger.Unfunded, streamer, ana, 10)
	if s.Pot.Amount != 0 {
		t.Errorf("pot: got %s, want 0 won", s.Pot.Amount)
	}
	stake := storetest.Bet(mission, ana, 500)
	stake.Stake = true
	r := f.MustHold(stake)[0]
	if r.Reason != ledger.MissionClosed || f.Cash(ana) != 500 {
		t.Errorf("a stake after the verdict: got %q and %s left, want mission_closed and 500 won", r.Reason, f.Cash(ana))
	}
	f.CheckBooks()
}

func TestRule8EscrowsMailsAndTheLedgerAreNeverDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.Escrow(), f.User(500)
	f.MustHold(storetest.Bet(mission, ana, 100))
	for _, query := range []string{
		`DELETE FROM escrows`, `DELETE FROM mails`, `DELETE FROM ledger`, `UPDATE ledger SET amount = 1`, `TRUNCATE ledger`,
	} {
		_, err := f.Pool.Exec(t.Context(), query)
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got %v, want a refusal by the database", query, err)
		}
	}
	f.CheckBooks()
}

func TestRule10RefundsFollowTheContributionsTheBatchKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.Escrow(), f.User(0), f.User(1_000)
	f.MustHold(storetest.Bet(mission, ana, 100), storetest.Bet(mission, ana, 150))
	f.MustHold(storetest.Bet(mission, ana, 250))
	if n := f.Figure(`SELECT amount FROM contributions WHERE mission_id = $1 AND user_id = $2`, mission, ana); n != 500 {
		t.Errorf("contribution: got %d, want 500", n)
	}
	f.MustSettle(mission, ledger.Expired, streamer, ana, 10)
	if n := f.Figure(`SELECT count(*) FROM ledger WHERE kind = 'refund' AND mission_id = $1`, mission); n != 1 {
		t.Errorf("refund rows: got %d, want one for mission and user", n)
	}
	f.CheckBooks()
}

// A settlement that starts over, as after a lost cursor, finds its rows and
// credits nobody again.
func TestRule7AWalletIsCreditedOnlyForARowThatWasInserted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer := f.Escrow(), f.User(0)
	users := []uuid.UUID{f.User(500), f.User(500), f.User(500)}
	for _, u := range users {
		f.MustHold(storetest.Bet(mission, u, 500))
	}
	closing := ledger.Closing{MissionID: mission, Ending: ledger.Failed, StreamerID: streamer, CreatorID: users[0], Title: "t"}
	if _, err := f.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SettleChunk(t.Context(), mission, 2); err != nil {
		t.Fatal(err)
	}
	f.Exec(`UPDATE escrows SET settled_through = '00000000-0000-0000-0000-000000000000' WHERE mission_id = $1`, mission)
	f.MustSettle(mission, ledger.Failed, streamer, users[0], 2)
	for _, u := range users {
		if got := f.Cash(u); got != 500 {
			t.Errorf("a contributor has %s, want 500 won", got)
		}
	}
	f.CheckBooks()
}
