package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/missionpot/internal/core/ledger"
)

// rich covers every bet that a run can make; poor covers none.
const (
	rich ledger.Won = 1_000_000_000_000
	poor ledger.Won = 0
)

// betAmount is the amount of every bet of a bench.
const betAmount ledger.Won = 100

// person is a user with a wallet.
type person struct {
	id   uuid.UUID
	cash ledger.Won
}

// newPeople makes people with the same cash. Their ids are UUIDv7, as the API
// makes them.
func newPeople(n int, cash ledger.Won) []person {
	all := make([]person, n)
	for i := range all {
		all[i] = person{newID(), cash}
	}
	return all
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// newBetID looks like the id that the log gives a bet: it begins as the mission's does,
// and the rest is in no order.
func newBetID(mission uuid.UUID) uuid.UUID {
	id := uuid.New()
	copy(id[:6], mission[:6])
	id[6] = id[6]&0x0f | 0x80
	return id
}

func newIDs(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = newID()
	}
	return ids
}

// signUp writes people into a users database, each charged with their cash.
func signUp(ctx context.Context, pool *pgxpool.Pool, people []person) error {
	user := func(i int) ([]any, error) {
		return []any{people[i].id, people[i].id.String() + "@example.com", "none", "someone"}, nil
	}
	wallet := func(i int) ([]any, error) { return []any{people[i].id, int64(people[i].cash)}, nil }
	var charged []person
	for _, p := range people {
		if p.cash > 0 {
			charged = append(charged, p)
		}
	}
	charge := func(i int) ([]any, error) {
		return []any{newID(), "charge", charged[i].id, int64(charged[i].cash), int64(charged[i].cash)}, nil
	}
	for _, table := range []struct {
		name    string
		columns []string
		rows    pgx.CopyFromSource
	}{
		{"users", []string{"id", "email", "password_hash", "display_name"}, pgx.CopyFromSlice(len(people), user)},
		{"wallets", []string{"user_id", "cash"}, pgx.CopyFromSlice(len(people), wallet)},
		{"ledger", []string{"id", "kind", "user_id", "amount", "balance_after"}, pgx.CopyFromSlice(len(charged), charge)},
	} {
		if _, err := pool.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, table.rows); err != nil {
			return fmt.Errorf("write %d %s: %w", len(people), table.name, err)
		}
	}
	return nil
}

// openEscrows opens the escrows of missions.
func openEscrows(ctx context.Context, pool *pgxpool.Pool, missions []uuid.UUID) error {
	row := func(i int) ([]any, error) { return []any{missions[i]}, nil }
	if _, err := pool.CopyFrom(ctx, pgx.Identifier{"escrows"}, []string{"mission_id"}, pgx.CopyFromSlice(len(missions), row)); err != nil {
		return fmt.Errorf("open %d escrows: %w", len(missions), err)
	}
	return nil
}
