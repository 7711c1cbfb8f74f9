// Package steptest gives the tests of the steps a ledger of their own, on a
// real Postgres, and a bus that remembers what was published. The bus is the
// only fake, because a real one can't be made to fail at a given moment.
package steptest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/usersdb"
)

// Ledger is a users instance of a test's own, with ways to look into it.
type Ledger struct {
	*usersdb.DB
	Pool *pgxpool.Pool
	t    testing.TB
}

// NewLedger makes an empty ledger. It is gone when the test ends.
func NewLedger(t testing.TB) Ledger {
	t.Helper()
	pool := standtest.Pool(t, standtest.UsersDatabase(t), 12)
	return Ledger{DB: usersdb.New(pool), Pool: pool, t: t}
}

// Instance is another process's view of the same ledger, with connections of
// its own.
func (l Ledger) Instance(connections int32) *usersdb.DB {
	l.t.Helper()
	db, err := usersdb.Open(context.Background(), l.Pool.Config().ConnString(), connections)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(db.Close)
	return db
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

// Cash is what is in a user's wallet. Await polls until a figure has the wanted value. A
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

func (l Ledger) Cash(user uuid.UUID) ledger.Won {
	l.t.Helper()
	return ledger.Won(l.Figure(`SELECT cash FROM wallets WHERE user_id = $1`, user))
}

// Inflow is what a mission's escrow took in.
func (l Ledger) Inflow(mission uuid.UUID) ledger.Won {
	l.t.Helper()
	return ledger.Won(l.Figure(`SELECT inflow FROM escrows WHERE mission_id = $1`, mission))
}
