// Package steptest gives the tests of the steps a ledger of their own, on a
// real Postgres, and a bus that remembers what was published. The bus is the
// only fake, because a real one can't be made to fail at a given moment.
package steptest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/store/reconciledb"
)

// Ledger is a users instance of a test's own, with ways to look into it.
type Ledger struct {
	*ledgerdb.DB
	People *peopledb.DB
	Books  *reconciledb.DB
	Pool   *pg.Pool
	t      testing.TB
}

// NewLedger makes an empty ledger. It is gone when the test ends.
func NewLedger(t testing.TB) Ledger {
	t.Helper()
	pool := standtest.Pool(t, standtest.UsersDatabase(t), 12)
	return Ledger{DB: ledgerdb.New(pool), People: peopledb.New(pool), Books: reconciledb.New(pool), Pool: pool, t: t}
}

// Instance is another process's view of the same ledger, with connections of
// its own.
func (l Ledger) Instance(connections int32) *ledgerdb.DB {
	l.t.Helper()
	return ledgerdb.New(standtest.Pool(l.t, l.Pool.Config().ConnString(), connections))
}

// User adds a user who was charged an amount.
func (l Ledger) User(cash ledger.Won) uuid.UUID {
	l.t.Helper()
	id := uuid.Must(uuid.NewV7())
	l.Exec(`INSERT INTO users (id, email, password_hash, display_name, locale) VALUES ($1, $2, 'x', 'someone', 'en')`, id, id.String()+"@example.com")
	l.Exec(`INSERT INTO wallets (user_id, cash) VALUES ($1, $2)`, id, cash)
	if cash > 0 {
		l.Exec(`INSERT INTO ledger (id, kind, user_id, amount, balance_after) VALUES ($1, 'charge', $2, $3, $3)`, uuid.New(), id, cash)
	}
	return id
}

// Mission opens a mission's escrow with its creator's stake.
func (l Ledger) Mission(creator uuid.UUID, stake ledger.Won) uuid.UUID {
	l.t.Helper()
	mission := uuid.Must(uuid.NewV7())
	first := Bet(mission, creator, stake)
	first.Stake = true
	rulings, err := l.Hold(l.t.Context(), []ledger.Bet{first})
	if err != nil || rulings[0].Err != nil || rulings[0].Outcome != ledger.Held {
		l.t.Fatalf("the stake is not held: %+v, %v", rulings, err)
	}
	return mission
}

// Bet is a bet logged just now, in good time.
func Bet(mission, user uuid.UUID, amount ledger.Won) ledger.Bet {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return ledger.Bet{
		ID: uuid.Must(uuid.NewV7()), MissionID: mission, UserID: user, Amount: amount,
		LoggedAt: now, Deadline: now.Add(time.Hour),
	}
}

// Exec runs a statement that must succeed.
func (l Ledger) Exec(query string, args ...any) {
	l.t.Helper()
	if _, err := l.Pool.Exec(l.t.Context(), query, args...); err != nil {
		l.t.Fatalf("%s: %v", query, err)
	}
}

// Figure reads one whole number.
func (l Ledger) Figure(query string, args ...any) int64 {
	l.t.Helper()
	var n int64
	if err := l.Pool.QueryRow(l.t.Context(), query, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Await polls until a figure has the wanted value. A
// query without a row counts as not yet.
func (l Ledger) Await(want int64, query string, args ...any) {
	l.t.Helper()
	var got int64
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		err := l.Pool.QueryRow(l.t.Context(), query, args...).Scan(&got)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			l.t.Fatalf("%s: %v", query, err)
		}
		if err == nil && got == want {
			return
		}
	}
	l.t.Errorf("%s: waited too long, got %d, want %d", query, got, want)
}

// AwaitLocks waits until that many sessions of this database wait for a lock.
func (l Ledger) AwaitLocks(sessions int64) {
	l.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if l.Figure(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= sessions {
			return
		}
	}
	l.t.Fatalf("%d sessions were not seen waiting for the lock", sessions)
}

// Cash is what is in a user's wallet.
func (l Ledger) Cash(user uuid.UUID) ledger.Won {
	l.t.Helper()
	return ledger.Won(l.Figure(`SELECT cash FROM wallets WHERE user_id = $1`, user))
}

// Inflow is what a mission's escrow took in.
func (l Ledger) Inflow(mission uuid.UUID) ledger.Won {
	l.t.Helper()
	return ledger.Won(l.Figure(`SELECT inflow FROM escrows WHERE mission_id = $1`, mission))
}

// Escrow opens an empty escrow and returns its mission.
func (l Ledger) Escrow() uuid.UUID {
	l.t.Helper()
	id := uuid.Must(uuid.NewV7())
	l.Exec(`INSERT INTO escrows (mission_id) VALUES ($1)`, id)
	return id
}

// MustHold decides bets.
func (l Ledger) MustHold(bets ...ledger.Bet) []ledger.Ruling {
	l.t.Helper()
	rulings, err := l.Hold(l.t.Context(), bets)
	if err != nil {
		l.t.Fatalf("hold %d bets: %v", len(bets), err)
	}
	return rulings
}

// MustSettle closes a mission and settles it in chunks of a size.
func (l Ledger) MustSettle(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk int) ledger.Settlement {
	l.t.Helper()
	settled, _ := l.MustSettleAtOnce(mission, ending, streamer, creator, chunk, 1)
	return settled
}

// MustSettleAtOnce does several chunks at once, and also returns how many calls it took.
func (l Ledger) MustSettleAtOnce(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk, atOnce int) (_ ledger.Settlement, calls int) {
	l.t.Helper()
	_, err := l.CloseEscrow(l.t.Context(), ledger.Closing{
		MissionID: mission, Ending: ending, StreamerID: streamer, CreatorID: creator, Title: "a mission",
	})
	if err != nil {
		l.t.Fatal(err)
	}
	for calls = 1; calls <= 10_000; calls++ {
		settled, err := l.SettleChunks(l.t.Context(), mission, chunk, atOnce)
		if err != nil {
			l.t.Fatalf("settle: %v", err)
		}
		if settled != nil {
			return *settled, calls
		}
	}
	l.t.Fatal("the settlement did not end after 10,000 calls")
	return ledger.Settlement{}, calls
}

// CatchUp makes every ranking exact.
func (l Ledger) CatchUp() {
	l.t.Helper()
	if err := l.CatchUpStandings(l.t.Context(), 0, 1_000_000); err != nil {
		l.t.Fatal(err)
	}
}

// CheckBooks asserts the invariants on everything in the instance.
func (l Ledger) CheckBooks() {
	l.t.Helper()
	l.CatchUp()
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
		if n := l.Figure(query); n != 0 {
			l.t.Errorf("the books: %s: got %d, want 0", claim, n)
		}
	}
}
