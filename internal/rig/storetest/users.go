package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/reconciledb"
)

// Users is a users instance with its stores.
type Users struct {
	*ledgerdb.DB
	People *peopledb.DB
	Books  *reconciledb.DB
	Database
}

// NewUsers makes an empty instance. It is gone when the test ends.
func NewUsers(t testing.TB) Users {
	t.Helper()
	return OpenUsers(t, standtest.UsersDatabase(t))
}

// OpenUsers opens an instance that is there, with connections of its own.
func OpenUsers(t testing.TB, dsn string) Users {
	t.Helper()
	pool := standtest.Pool(t, dsn, 12)
	return Users{ledgerdb.New(pool), peopledb.New(pool), reconciledb.New(pool), Database{pool, t}}
}

// For is the same instance for a part of the test.
func (u Users) For(t T) Users {
	u.t = t
	return u
}

// User adds a user who was charged an amount.
func (u Users) User(cash ledger.Won) uuid.UUID {
	u.t.Helper()
	id := newID()
	u.UserUnder(id, cash)
	return id
}

// UserUnder adds a user under an id that was used before.
func (u Users) UserUnder(id uuid.UUID, cash ledger.Won) {
	u.t.Helper()
	charge := newID()
	u.Exec(`INSERT INTO users (id, email, password_hash, display_name, locale) VALUES ($1, $2, 'x', 'someone', 'en')`, id, id.String()+"@example.com")
	u.Exec(`INSERT INTO wallets (user_id, cash) VALUES ($1, $2)`, id, cash)
	if cash > 0 {
		u.Exec(`INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount, status) VALUES ($1, $2, 'first', '', $3, 'succeeded')`, charge, id, cash)
		u.Exec(`INSERT INTO ledger (id, kind, user_id, amount, balance_after) VALUES ($1, 'charge', $2, $3, $3)`, charge, id, cash)
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Mission opens a mission's escrow with its creator's stake.
func (u Users) Mission(creator uuid.UUID, stake ledger.Won) uuid.UUID {
	u.t.Helper()
	first := Bet(newID(), creator, stake)
	first.Stake = true
	if ruling := u.MustHold(first)[0]; ruling.Err != nil || ruling.Outcome != ledger.Held {
		u.t.Fatalf("the stake is not held: %+v", ruling)
	}
	return first.MissionID
}

// Bet is a bet logged just now, in good time.
func Bet(mission, user uuid.UUID, amount ledger.Won) ledger.Bet {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return ledger.Bet{
		ID: newID(), MissionID: mission, UserID: user, Amount: amount,
		LoggedAt: now, Deadline: now.Add(time.Hour),
	}
}

// Cash is what is in a user's wallet.
func (u Users) Cash(user uuid.UUID) ledger.Won {
	u.t.Helper()
	return ledger.Won(u.Figure(`SELECT cash FROM wallets WHERE user_id = $1`, user))
}

// Inflow is what a mission's escrow took in.
func (u Users) Inflow(mission uuid.UUID) ledger.Won {
	u.t.Helper()
	return ledger.Won(u.Figure(`SELECT inflow FROM escrows WHERE mission_id = $1`, mission))
}

// Escrow opens an empty escrow and returns its mission.
func (u Users) Escrow() uuid.UUID {
	u.t.Helper()
	id := newID()
	u.Exec(`INSERT INTO escrows (mission_id) VALUES ($1)`, id)
	return id
}

// MustHold decides bets.
func (u Users) MustHold(bets ...ledger.Bet) []ledger.Ruling {
	u.t.Helper()
	rulings, err := u.Hold(u.t.Context(), bets)
	if err != nil {
		u.t.Fatalf("hold %d bets: %v", len(bets), err)
	}
	return rulings
}

// MustSettle closes a mission and settles it in chunks of a size.
func (u Users) MustSettle(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk int) ledger.Settlement {
	u.t.Helper()
	settled, _ := u.MustSettleAtOnce(mission, ending, streamer, creator, chunk, 1)
	return settled
}

// MustSettleAtOnce does several chunks at once, and also returns how many calls it took.
func (u Users) MustSettleAtOnce(mission uuid.UUID, ending ledger.Ending, streamer, creator uuid.UUID, chunk, atOnce int) (_ ledger.Settlement, calls int) {
	u.t.Helper()
	_, err := u.CloseEscrow(u.t.Context(), ledger.Closing{
		MissionID: mission, Ending: ending, StreamerID: streamer, CreatorID: creator, Title: "a mission",
	})
	if err != nil {
		u.t.Fatal(err)
	}
	for calls = 1; calls <= 10_000; calls++ {
		settled, err := u.SettleChunks(u.t.Context(), mission, chunk, atOnce)
		if err != nil {
			u.t.Fatalf("settle: %v", err)
		}
		if settled != nil {
			return *settled, calls
		}
	}
	u.t.Fatal("the settlement did not end after 10,000 calls")
	return ledger.Settlement{}, calls
}

// CatchUp makes every ranking exact.
func (u Users) CatchUp() {
	u.t.Helper()
	if err := u.CatchUpStandings(u.t.Context(), 0, 1_000_000); err != nil {
		u.t.Fatal(err)
	}
}
