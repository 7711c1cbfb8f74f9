package ledgerdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// ErrResolvedOtherwise is returned for a charge that was resolved before with
// the other result. Cash may have been taken without a credit, so an operator
// must check it.
var ErrResolvedOtherwise = errors.New("the charge was resolved with the other result")

const chargeColumns = `id, user_id, amount, status, created_at`

// OpenCharge records a pending charge before the provider is called (rule 3).
// For a key that the user sent before it returns that charge and false, or
// fault.IdempotencyReused if the request was another one. The error is
// fault.OperatorCash for an operator, and fault.Unauthenticated for a user who
// has left or does not exist.
func (db *DB) OpenCharge(ctx context.Context, c ledger.Charge, key string, requestHash []byte) (ledger.Charge, bool, error) {
	const insert = `
		INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount)
		SELECT $1::uuid, id, $3::text, $4::bytea, $5::bigint FROM users WHERE id = $2 AND left_at IS NULL FOR KEY SHARE
		ON CONFLICT (user_id, idempotency_key) DO NOTHING
		RETURNING ` + chargeColumns
	rows, _ := db.pool.Query(ctx, insert, c.ID, c.UserID, key, requestHash, c.Amount)
	opened, err := pgx.CollectExactlyOneRow(rows, scanCharge)
	switch {
	case err == nil:
		return opened, true, nil
	case errors.Is(err, pgx.ErrNoRows):
		known, found, err := db.ChargeByKey(ctx, c.UserID, key, requestHash)
		if err == nil && !found {
			err = fault.Unauthenticated.Because("This account does not exist.")
		}
		return known, false, err
	case pg.Code(err) == codeOperator:
		return ledger.Charge{}, false, fault.OperatorCash
	}
	return ledger.Charge{}, false, fmt.Errorf("open a charge: %w", err)
}

// ChargeByKey returns the charge that a user requested with a key, and whether
// there is one. The error is fault.IdempotencyReused if the key was sent with
// another request.
func (db *DB) ChargeByKey(ctx context.Context, user uuid.UUID, key string, requestHash []byte) (ledger.Charge, bool, error) {
	const query = `SELECT ` + chargeColumns + `, request_hash FROM charges WHERE user_id = $1 AND idempotency_key = $2`
	var c ledger.Charge
	var known []byte
	err := db.pool.QueryRow(ctx, query, user, key).Scan(&c.ID, &c.UserID, &c.Amount, &c.Status, &c.CreatedAt, &known)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Charge{}, false, nil
	}
	if err != nil {
		return ledger.Charge{}, false, fmt.Errorf("read a charge by its key: %w", err)
	}
	if !bytes.Equal(known, requestHash) {
		return ledger.Charge{}, false, fault.IdempotencyReused
	}
	return c, true, nil
}

// ResolveCharge records what the provider did. A success credits the wallet
// once, however often it is reported: charge, wallet and ledger row change in
// one statement. The error is fault.NotFound or ErrResolvedOtherwise.
func (db *DB) ResolveCharge(ctx context.Context, id uuid.UUID, succeeded bool) error {
	const query = `
		WITH resolved AS (
		  UPDATE charges SET status = $2, resolved_at = clock_timestamp()
		  WHERE id = $1 AND status = 'pending'
		  RETURNING id, user_id, amount, status
		), credited AS (
		  UPDATE wallets w SET cash = w.cash + r.amount
		  FROM resolved r WHERE w.user_id = r.user_id AND r.status = 'succeeded'
		  RETURNING w.user_id, w.cash
		), entered AS (
		  INSERT INTO ledger (id, kind, user_id, amount, balance_after)
		  SELECT r.id, 'charge', r.user_id, r.amount, c.cash FROM resolved r JOIN credited c USING (user_id)
		)
		SELECT count(*) FROM resolved`
	status := ledger.ChargeDeclined
	if succeeded {
		status = ledger.ChargeSucceeded
	}
	var changed int
	if err := db.pool.QueryRow(ctx, query, id, status).Scan(&changed); err != nil {
		return fmt.Errorf("resolve a charge: %w", err)
	}
	if changed == 1 {
		return nil
	}
	known, err := db.chargeByID(ctx, id)
	if err != nil {
		return err
	}
	if known.Status != status {
		return fmt.Errorf("charge %s is %s: %w", id, known.Status, ErrResolvedOtherwise)
	}
	return nil
}

func (db *DB) chargeByID(ctx context.Context, id uuid.UUID) (ledger.Charge, error) {
	rows, _ := db.pool.Query(ctx, `SELECT `+chargeColumns+` FROM charges WHERE id = $1`, id)
	c, err := pgx.CollectExactlyOneRow(rows, scanCharge)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Charge{}, fault.NotFound.Because("This charge does not exist.")
	}
	if err != nil {
		return ledger.Charge{}, fmt.Errorf("read a charge: %w", err)
	}
	return c, nil
}

// PendingCharges returns charges whose answer was lost, those due longest
// first. Each time a charge is returned its wait doubles, from one minute to at
// most six hours, so that charges without an answer never keep younger ones
// waiting.
func (db *DB) PendingCharges(ctx context.Context, olderThan time.Duration, limit int) ([]ledger.Charge, error) {
	const query = `
		WITH due AS (
		  SELECT id FROM charges
		  WHERE status = 'pending' AND next_lookup_at <= clock_timestamp() AND created_at < clock_timestamp() - $1::interval
		  ORDER BY next_lookup_at LIMIT $2 FOR UPDATE SKIP LOCKED
		)
		UPDATE charges SET lookups = lookups + 1,
		  next_lookup_at = clock_timestamp() + least(interval '1 minute' * power(2, least(lookups, 10)), interval '6 hours')
		WHERE id IN (SELECT id FROM due)
		RETURNING ` + chargeColumns
	rows, _ := db.pool.Query(ctx, query, olderThan, limit)
	return pg.All(rows, scanCharge, "read pending charges")
}

func scanCharge(row pgx.CollectableRow) (ledger.Charge, error) {
	var c ledger.Charge
	err := row.Scan(&c.ID, &c.UserID, &c.Amount, &c.Status, &c.CreatedAt)
	return c, err
}
