package chaos

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// acceptance is how long a choosy streamer may think, in seconds.
const acceptance = 20

// addAccounts writes the accounts into the users database, each with its first charge. Signing up
// through the API would take a tenth of a second for each password hash, and is not what a run
// tests.
func (s *system) addAccounts(ctx context.Context, accounts []Account) error {
	return inDatabase(ctx, s.users, func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return addAccounts(ctx, tx, accounts) })
	})
}

func addAccounts(ctx context.Context, tx pgx.Tx, accounts []Account) error {
	users, wallets, charges, ledger := [][]any{}, [][]any{}, [][]any{}, [][]any{}
	for i, a := range accounts {
		charge := uuid.New()
		users = append(users, []any{a.ID, fmt.Sprintf("user%d@chaos.example", i), "x", fmt.Sprintf("User %d", i), a.Streamer, "en", !a.Choosy, acceptance})
		wallets = append(wallets, []any{a.ID, a.Cash})
		charges = append(charges, []any{charge, a.ID, "first", []byte("first"), a.Cash, "succeeded"})
		ledger = append(ledger, []any{charge, "charge", a.ID, a.Cash, a.Cash})
	}
	for _, table := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"users", []string{"id", "email", "password_hash", "display_name", "streamer", "locale", "auto_accept", "acceptance_seconds"}, users},
		{"wallets", []string{"user_id", "cash"}, wallets},
		{"charges", []string{"id", "user_id", "idempotency_key", "request_hash", "amount", "status"}, charges},
		{"ledger", []string{"id", "kind", "user_id", "amount", "balance_after"}, ledger},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return fmt.Errorf("add %d accounts to %s: %w", len(accounts), table.name, err)
		}
	}
	return nil
}
