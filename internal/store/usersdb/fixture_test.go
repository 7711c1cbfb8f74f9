package usersdb_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/usersdb"
)

// fixture is a users instance of a test's own, with ways to look into it.
type fixture struct {
	*usersdb.DB
	pool *pgxpool.Pool
	t    testing.TB
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	pool := standtest.Pool(t, standtest.UsersDatabase(t), 12)
	return fixture{DB: usersdb.New(pool), pool: pool, t: t}
}

// user adds a user whose wallet was charged with an amount, in won.
func (f fixture) user(cash ledger.Won) uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	f.exec(`INSERT INTO users (id, email, password_hash, display_name) VALUES ($1, $2, 'x', 'someone')`, id, id.String()+"@example.com")
	f.exec(`INSERT INTO wallets (user_id, cash) VALUES ($1, $2)`, id, cash)
	if cash > 0 {
		f.exec(`INSERT INTO ledger (id, kind, user_id, amount, balance_after) VALUES ($1, 'charge', $2, $3, $3)`, uuid.New(), id, cash)
	}
	return id
}

func (f fixture) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.pool.Exec(f.t.Context(), query, args...); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
}

// figure reads one whole number.
func (f fixture) figure(query string, args ...any) int64 {
	f.t.Helper()
	var n int64
	if err := f.pool.QueryRow(f.t.Context(), query, args...).Scan(&n); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (f fixture) cash(user uuid.UUID) ledger.Won {
	f.t.Helper()
	return ledger.Won(f.figure(`SELECT cash FROM wallets WHERE user_id = $1`, user))
}

// mission opens an escrow and returns its mission.
func (f fixture) mission() uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	f.exec(`INSERT INTO escrows (mission_id) VALUES ($1)`, id)
	return id
}

// bet makes a bet that is in time.
func bet(mission, user uuid.UUID, amount ledger.Won) ledger.Bet {
	now := time.Now().UTC()
	return ledger.Bet{
		ID: uuid.Must(uuid.NewV7()), MissionID: mission, UserID: user, Amount: amount,
		LoggedAt: now, Deadline: now.Add(time.Hour),
	}
}

func (f fixture) hold(bets ...ledger.Bet) []ledger.Ruling {
	f.t.Helper()
	rulings, err := f.Hold(f.t.Context(), bets)
	if err != nil {
		f.t.Fatalf("hold %d bets: %v", len(bets), err)
	}
	return rulings
}

// settle closes a mission and settles it in chunks of a size.
func (f fixture) settle(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk int) ledger.Settlement {
	f.t.Helper()
	settled, _ := f.settleAtOnce(mission, ending, streamer, creator, chunk, 1)
	return settled
}

// settleAtOnce does several chunks at once, and also returns how many calls it took.
func (f fixture) settleAtOnce(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk, atOnce int) (_ ledger.Settlement, calls int) {
	f.t.Helper()
	_, err := f.CloseEscrow(f.t.Context(), ledger.Closing{
		MissionID: mission, Ending: ending, StreamerID: streamer, CreatorID: creator, Title: "a mission",
	})
	if err != nil {
		f.t.Fatal(err)
	}
	for calls = 1; calls <= 10_000; calls++ {
		settled, err := f.SettleChunks(f.t.Context(), mission, chunk, atOnce)
		if err != nil {
			f.t.Fatalf("settle: %v", err)
		}
		if settled != nil {
			return *settled, calls
		}
	}
	f.t.Fatal("the settlement did not end after 10,000 calls")
	return ledger.Settlement{}, calls
}

// catchUp makes every ranking exact.
func (f fixture) catchUp() {
	f.t.Helper()
	if err := f.CatchUpStandings(f.t.Context(), 0, 1_000_000); err != nil {
		f.t.Fatal(err)
	}
}

// checkBooks asserts the invariants on everything in the instance.
func (f fixture) checkBooks() {
	f.t.Helper()
	f.catchUp()
	for claim, query := range map[string]string{
		"the sum of all postings is zero":       `SELECT coalesce(sum(amount), 0)::bigint FROM postings`,
		"no wallet differs from its postings":   `SELECT count(*) FROM wallets w WHERE cash <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = 'wallet' AND p.owner = w.user_id)`,
		"no escrow differs from its postings":   `SELECT count(*) FROM escrows e WHERE inflow - outflow <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = 'escrow' AND p.owner = e.mission_id)`,
		"no escrow's inflow differs from holds": `SELECT count(*) FROM escrows e WHERE inflow <> (SELECT coalesce(sum(amount), 0) FROM ledger l WHERE l.kind = 'hold' AND l.mission_id = e.mission_id)`,
		"contributions add up to the inflow":    `SELECT count(*) FROM escrows e WHERE inflow <> (SELECT coalesce(sum(amount), 0) FROM contributions c WHERE c.mission_id = e.mission_id)`,
		"contributors are counted right":        `SELECT count(*) FROM escrows e WHERE contributors <> (SELECT count(*) FROM contributions c WHERE c.mission_id = e.mission_id)`,
		"the standings are the contributions":   `SELECT count(*) FROM contributions c FULL JOIN standings s USING (mission_id, user_id) WHERE c.amount IS DISTINCT FROM s.amount`,
		"a settled escrow is empty":             `SELECT count(*) FROM escrows WHERE settled_at IS NOT NULL AND inflow <> outflow`,
		"nobody got more back than they put in": `SELECT count(*) FROM ledger r WHERE kind = 'refund' AND amount > (SELECT amount FROM contributions c WHERE c.mission_id = r.mission_id AND c.user_id = r.user_id)`,
		"every balance after follows from the one before": `SELECT count(*) FROM (
			SELECT balance_after, CASE kind WHEN 'hold' THEN -amount WHEN 'decline' THEN 0 ELSE amount END AS change,
				lag(balance_after, 1, 0::bigint) OVER (PARTITION BY user_id ORDER BY seq) AS before FROM ledger
			WHERE kind <> 'decline') s WHERE balance_after <> before + change`,
	} {
		if n := f.figure(query); n != 0 {
			f.t.Errorf("the books: %s: got %d, want 0", claim, n)
		}
	}
}
