package usersdb_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

func TestSuccessPaysThePotToTheStreamer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana, ben := f.mission(), f.user(0), f.user(1_000), f.user(1_000)
	paid := bet(mission, ben, 400)
	f.hold(bet(mission, ana, 600), paid)
	s := f.settle(mission, ledger.Succeeded, streamer, ana, 1)
	if s.Paid != 1_000 || s.Refunded != 0 || f.cash(streamer) != 1_000 {
		t.Errorf("paid %s, refunded %s, streamer has %s; want 1,000, 0, 1,000", s.Paid, s.Refunded, f.cash(streamer))
	}
	statuses, err := f.BetStatuses(t.Context(), []uuid.UUID{paid.ID})
	if err != nil || statuses[paid.ID].Status != "paid" {
		t.Errorf("status: got %q (%v), want paid", statuses[paid.ID].Status, err)
	}
	if n := f.figure(`SELECT count(*) FROM mails WHERE mission_id = $1`, mission); n != 3 {
		t.Errorf("mails: got %d, want one each for ana, ben and the streamer", n)
	}
	f.checkBooks()
}

func TestAnyOtherEndingGivesEveryoneTheirCashBack(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Expired, ledger.Rejected, ledger.Unfunded} {
		f := newFixture(t)
		mission, streamer := f.mission(), f.user(0)
		users := []uuid.UUID{f.user(1_000), f.user(1_000), f.user(1_000)}
		var bets []ledger.Bet
		for i, u := range users {
			bets = append(bets, bet(mission, u, ledger.Won(100*(i+1))), bet(mission, u, 100))
		}
		f.hold(bets...)
		s := f.settle(mission, ending, streamer, users[0], 2)
		if s.Refunded != 900 || s.Paid != 0 || f.cash(streamer) != 0 {
			t.Errorf("%s: refunded %s, paid %s; want 900 and 0", ending, s.Refunded, s.Paid)
		}
		for _, u := range users {
			if f.cash(u) != 1_000 {
				t.Errorf("%s: a contributor has %s, want their 1,000 won back", ending, f.cash(u))
			}
		}
		statuses, err := f.BetStatuses(t.Context(), []uuid.UUID{bets[0].ID})
		if err != nil || statuses[bets[0].ID].Status != "refunded" {
			t.Errorf("%s: status: got %q (%v), want refunded", ending, statuses[bets[0].ID].Status, err)
		}
		f.checkBooks()
	}
}

func TestRule7TheStoredEndingIsPaidNotTheMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.mission(), f.user(0), f.user(500)
	f.hold(bet(mission, ana, 500))
	closing := ledger.Closing{MissionID: mission, Ending: ledger.Failed, StreamerID: streamer, CreatorID: ana, Title: "t"}
	if _, err := f.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	closing.Ending = ledger.Succeeded
	stored, err := f.CloseEscrow(t.Context(), closing)
	if err != nil || stored != ledger.Failed {
		t.Fatalf("a second closing: got %q (%v), want the first one's failed", stored, err)
	}
	s := f.settle(mission, ledger.Succeeded, streamer, ana, 10)
	if s.Ending != ledger.Failed || f.cash(ana) != 500 || f.cash(streamer) != 0 {
		t.Errorf("ending %q, ana has %s, streamer %s; want failed, 500 won, 0 won", s.Ending, f.cash(ana), f.cash(streamer))
	}
	f.checkBooks()
}

func TestRule7ManySettlersPayOnce(t *testing.T) {
	t.Parallel()
	for _, ending := range []ledger.Ending{ledger.Failed, ledger.Succeeded} {
		f := newFixture(t)
		mission, streamer := f.mission(), f.user(0)
		var bets []ledger.Bet
		for range 60 {
			bets = append(bets, bet(mission, f.user(300), 200))
		}
		f.hold(bets...)
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
		f.checkBooks()
	}
}

func TestRule8AVerdictWithoutAnEscrowLeavesAClosedOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := uuid.Must(uuid.NewV7()), f.user(0), f.user(500)
	s := f.settle(mission, ledger.Unfunded, streamer, ana, 10)
	if s.Total != 0 {
		t.Errorf("total: got %s, want 0 won", s.Total)
	}
	stake := bet(mission, ana, 500)
	stake.Stake = true
	r := f.hold(stake)[0]
	if r.Reason != ledger.MissionClosed || f.cash(ana) != 500 {
		t.Errorf("a stake after the verdict: got %q and %s left, want mission_closed and 500 won", r.Reason, f.cash(ana))
	}
	f.checkBooks()
}

func TestRule8EscrowsMailsAndTheLedgerAreNeverDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, ana := f.mission(), f.user(500)
	f.hold(bet(mission, ana, 100))
	for _, query := range []string{
		`DELETE FROM escrows`, `DELETE FROM mails`, `DELETE FROM ledger`, `UPDATE ledger SET amount = 1`, `TRUNCATE ledger`,
	} {
		_, err := f.pool.Exec(t.Context(), query)
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got %v, want a refusal by the database", query, err)
		}
	}
	f.checkBooks()
}

func TestRule15AMailIsLeasedSentOnceAndDueAgainAfterACrash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.mission(), f.user(0), f.user(500)
	f.hold(bet(mission, ana, 100))
	f.settle(mission, ledger.Failed, streamer, ana, 10)

	claimed, err := f.ClaimMails(t.Context(), 10, time.Hour)
	if err != nil || len(claimed) != 2 {
		t.Fatalf("claimed %d mails (%v), want 2", len(claimed), err)
	}
	if again, _ := f.ClaimMails(t.Context(), 10, time.Hour); len(again) != 0 {
		t.Errorf("claimed %d leased mails, want 0", len(again))
	}
	if err := f.MailsSent(t.Context(), claimed[:1], 0); err != nil {
		t.Fatal(err)
	}
	f.exec(`UPDATE mails SET due_at = clock_timestamp() - interval '1 second'`) // the lease expires
	f.exec(`UPDATE mail_pauses SET until = clock_timestamp()`)
	after, err := f.ClaimMails(t.Context(), 10, time.Hour)
	if err != nil || len(after) != 1 || after[0].UserID != claimed[1].UserID || after[0].Attempt != 2 {
		t.Errorf("after the lease: got %d mails (%v), want the unsent one, at its second try", len(after), err)
	}
	if err := f.MailsFailed(t.Context(), after[:1], 0); err != nil {
		t.Fatal(err)
	}
	if back, _ := f.ClaimMails(t.Context(), 10, time.Hour); len(back) != 1 {
		t.Errorf("a returned mail: claimed %d, want 1", len(back))
	}
}

func TestRule10RefundsFollowTheContributionsTheBatchKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer, ana := f.mission(), f.user(0), f.user(1_000)
	f.hold(bet(mission, ana, 100), bet(mission, ana, 150))
	f.hold(bet(mission, ana, 250))
	if n := f.figure(`SELECT amount FROM contributions WHERE mission_id = $1 AND user_id = $2`, mission, ana); n != 500 {
		t.Errorf("contribution: got %d, want 500", n)
	}
	f.settle(mission, ledger.Expired, streamer, ana, 10)
	if n := f.figure(`SELECT count(*) FROM ledger WHERE kind = 'refund' AND mission_id = $1`, mission); n != 1 {
		t.Errorf("refund rows: got %d, want one for mission and user", n)
	}
	f.checkBooks()
}

// A settlement that starts over, as after a lost cursor, finds its rows and
// credits nobody again.
func TestRule7AWalletIsCreditedOnlyForARowThatWasInserted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, streamer := f.mission(), f.user(0)
	users := []uuid.UUID{f.user(500), f.user(500), f.user(500)}
	for _, u := range users {
		f.hold(bet(mission, u, 500))
	}
	closing := ledger.Closing{MissionID: mission, Ending: ledger.Failed, StreamerID: streamer, CreatorID: users[0], Title: "t"}
	if _, err := f.CloseEscrow(t.Context(), closing); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SettleChunk(t.Context(), mission, 2); err != nil {
		t.Fatal(err)
	}
	f.exec(`UPDATE escrows SET settled_through = '00000000-0000-0000-0000-000000000000' WHERE mission_id = $1`, mission)
	f.settle(mission, ledger.Failed, streamer, users[0], 2)
	for _, u := range users {
		if got := f.cash(u); got != 500 {
			t.Errorf("a contributor has %s, want 500 won", got)
		}
	}
	f.checkBooks()
}
