package ledgerdb_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/storetest"
)

func (f fixture) mustCash(user uuid.UUID) ledger.Cash {
	f.t.Helper()
	cash, err := f.DB.Cash(f.t.Context(), user)
	if err != nil {
		f.t.Fatal(err)
	}
	return cash
}

func TestHeldIsOwnCashInPotsThatAreNotSettled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, jun, streamer := f.User(10_000), f.User(10_000), f.User(0)
	kept, failed, won := f.Escrow(), f.Escrow(), f.Escrow()
	f.MustHold(storetest.Bet(kept, mina, 1_000), storetest.Bet(kept, mina, 500), storetest.Bet(failed, mina, 2_000), storetest.Bet(won, mina, 4_000), storetest.Bet(kept, jun, 3_000))
	if got, want := f.mustCash(mina), (ledger.Cash{Available: 2_500, Held: 7_500}); got != want {
		t.Errorf("while all missions run: %+v, want %+v", got, want)
	}
	f.MustSettle(failed, ledger.Failed, streamer, mina, 10)
	if got, want := f.mustCash(mina), (ledger.Cash{Available: 4_500, Held: 5_500}); got != want {
		t.Errorf("after a refund: %+v, want %+v", got, want)
	}
	f.MustSettle(won, ledger.Succeeded, streamer, mina, 10)
	if got, want := f.mustCash(mina), (ledger.Cash{Available: 4_500, Held: 1_500}); got != want {
		t.Errorf("after a payout: %+v, want %+v", got, want)
	}
	if got, want := f.mustCash(streamer), (ledger.Cash{Available: 4_000}); got != want {
		t.Errorf("the streamer has %+v, want %+v", got, want)
	}
}

// Between two chunks of a refund some contributors have their cash back and
// some have not. No cash may be counted twice, or not at all.
func TestCashIsCountedOnceWhileRefundsRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, creator := f.Escrow(), f.User(0)
	users := make([]uuid.UUID, 7)
	for i := range users {
		users[i] = f.User(1_000)
		f.MustHold(storetest.Bet(mission, users[i], 400))
	}
	if _, err := f.CloseEscrow(t.Context(), ledger.Closing{MissionID: mission, Ending: ledger.Expired, StreamerID: creator, CreatorID: creator, Title: "a mission"}); err != nil {
		t.Fatal(err)
	}
	for chunk := 0; ; chunk++ {
		for _, user := range users {
			if c := f.mustCash(user); c.Available+c.Held != 1_000 {
				t.Errorf("after %d chunks a contributor has %+v, want 1,000 won in all", chunk, c)
			}
		}
		settled, err := f.SettleChunk(t.Context(), mission, 2)
		if err != nil {
			t.Fatal(err)
		}
		if settled != nil {
			break
		}
	}
}

func TestWalletsComeInTheOrderAsked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, b, nobody := f.User(100), f.User(200), uuid.New()
	got, err := f.Wallets(t.Context(), []uuid.UUID{b, nobody, a, b})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]account.Wallet{{Cash: 200}, {}, {Cash: 100}, {Cash: 200}}, got); diff != "" {
		t.Errorf("wallets (-want +got):\n%s", diff)
	}
}

func TestAStatementListsEveryMoveWithItsSignNewestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mina, streamer := f.User(5_000), f.User(0)
	mission := f.Escrow()
	first, second := storetest.Bet(mission, mina, 1_000), storetest.Bet(mission, mina, 500)
	f.MustHold(first)
	f.MustHold(storetest.Bet(mission, mina, 90_000)) // declined: it moves nothing and is not listed
	f.MustHold(second)
	f.MustSettle(mission, ledger.Failed, streamer, mina, 10)

	type line struct {
		Kind          string
		Amount, After ledger.Won
	}
	want := []line{{"refund", 1_500, 5_000}, {"hold", -500, 3_500}, {"hold", -1_000, 4_000}, {"charge", 5_000, 5_000}}
	var got []line
	before := int64(math.MaxInt64)
	for {
		page, err := f.Statement(t.Context(), mina, before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			got = append(got, line{l.Kind, l.Amount, l.BalanceAfter})
			if (l.Kind == "charge") != (l.MissionID == uuid.Nil) || l.Kind != "charge" && l.MissionID != mission {
				t.Errorf("the %s names the mission %v", l.Kind, l.MissionID)
			}
			before = l.Seq
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
}

func TestTheRankingIsMostFirstAndPagesBreakNoTie(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mission, other := f.Escrow(), f.Escrow()
	for _, amount := range []ledger.Won{300, 100, 500, 300, 300, 200} {
		user := f.User(1_000)
		f.MustHold(storetest.Bet(mission, user, amount), storetest.Bet(other, user, 100))
	}
	f.CatchUp()
	var got []ledger.Won
	seen := map[uuid.UUID]bool{}
	after := ledger.Standing{Amount: math.MaxInt64}
	for {
		page, err := f.Ranking(t.Context(), mission, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, s := range page {
			if seen[s.UserID] || s.DisplayName != "someone" {
				t.Errorf("%+v comes twice or without a name", s)
			}
			seen[s.UserID] = true
			got = append(got, s.Amount)
		}
		after = page[len(page)-1]
	}
	if diff := cmp.Diff([]ledger.Won{500, 300, 300, 300, 200, 100}, got); diff != "" {
		t.Errorf("ranking (-want +got):\n%s", diff)
	}
}

// A user may have hundreds of thousands of declined bets. A statement does not
// show them, so it must not read them.
func TestAStatementDoesNotReadDeclinedBets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, mission := f.User(0), f.Escrow()
	exec := func(query string, args ...any) {
		if _, err := f.Pool.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO ledger (id, kind, user_id, mission_id, amount, balance_after, reason)
		SELECT gen_random_uuid(), 'decline', $1, $2, 100, 0, 'insufficient_cash' FROM generate_series(1, 20000)`, user, mission)
	exec(`ANALYZE ledger`)
	var plan string
	explain := `EXPLAIN (FORMAT JSON, ANALYZE, COSTS off, TIMING off, BUFFERS) SELECT seq FROM ledger WHERE user_id = '` + user.String() +
		`' AND seq < 9000000000 AND kind <> 'decline' ORDER BY seq DESC LIMIT 20`
	if err := f.Pool.QueryRow(t.Context(), explain).Scan(&plan); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plan, "Rows Removed by Filter") {
		t.Errorf("declined bets are read and left out:\n%s", plan)
	}
}
