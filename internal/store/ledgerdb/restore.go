package ledgerdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/rebuild"
	"example.com/missionpot/internal/store/pg"
)

const escrowColumns = `mission_id, coalesce(ending, ''), coalesce(streamer_id, '00000000-0000-0000-0000-000000000000'),
	coalesce(creator_id, '00000000-0000-0000-0000-000000000000'), coalesce(title, ''), inflow, contributors, version, closed_at, settled_at`

// Escrows reads escrows after a mission's id, for a restore.
func (db *DB) Escrows(ctx context.Context, after uuid.UUID, limit int) ([]rebuild.Escrow, error) {
	rows, _ := db.pool.Query(ctx, `SELECT `+escrowColumns+` FROM escrows WHERE mission_id > $1 ORDER BY mission_id LIMIT $2`, after, limit)
	return pg.All(rows, scanRestored, "read escrows")
}

// EscrowOf reads one escrow, and reports false if there is none.
func (db *DB) EscrowOf(ctx context.Context, mission uuid.UUID) (rebuild.Escrow, bool, error) {
	rows, _ := db.pool.Query(ctx, `SELECT `+escrowColumns+` FROM escrows WHERE mission_id = $1`, mission)
	e, err := pgx.CollectExactlyOneRow(rows, scanRestored)
	if errors.Is(err, pgx.ErrNoRows) {
		return rebuild.Escrow{}, false, nil
	}
	if err != nil {
		return rebuild.Escrow{}, false, fmt.Errorf("read the escrow of %s: %w", mission, err)
	}
	return e, true, nil
}

func scanRestored(row pgx.CollectableRow) (rebuild.Escrow, error) {
	var e rebuild.Escrow
	var closed, settled *time.Time
	c := &e.Closing
	err := row.Scan(&c.MissionID, &c.Ending, &c.StreamerID, &c.CreatorID, &c.Title, &e.Inflow, &e.Contributors, &e.Version, &closed, &settled)
	if closed != nil {
		e.ClosedAt = closed.UTC()
	}
	if settled != nil {
		e.SettledAt = settled.UTC()
	}
	return e, err
}

// RepublishPot makes the sweep publish a pot once more, for a mission that was rebuilt.
func (db *DB) RepublishPot(ctx context.Context, mission uuid.UUID) error {
	if _, err := db.pool.Exec(ctx, `UPDATE escrows SET published_version = 0 WHERE mission_id = $1`, mission); err != nil {
		return fmt.Errorf("mark the pot of %s as unpublished: %w", mission, err)
	}
	return nil
}

// RaiseVersion makes an escrow's version higher than the mission's, after a
// restore that made it lower, because the missions database accepts only newer versions.
func (db *DB) RaiseVersion(ctx context.Context, mission uuid.UUID, above int64) error {
	const raise = `UPDATE escrows SET version = greatest(version, $2) + 1 WHERE mission_id = $1`
	if _, err := db.pool.Exec(ctx, raise, mission, above); err != nil {
		return fmt.Errorf("raise the version of %s: %w", mission, err)
	}
	return nil
}

// RestoreCharge records a charge from the payment provider's statement, unless
// the instance already has it. It reports whether it did. The error is
// fault.Unauthenticated if its user is unknown.
func (db *DB) RestoreCharge(ctx context.Context, c ledger.Charge) (bool, error) {
	const insert = `INSERT INTO charges (id, user_id, idempotency_key, request_hash, amount) VALUES ($1::uuid, $2, 'restored-' || $1::uuid::text, '', $3) ON CONFLICT DO NOTHING`
	done, err := db.pool.Exec(ctx, insert, c.ID, c.UserID, c.Amount)
	if pg.Code(err) == pg.ForeignKey {
		return false, fault.Unauthenticated.Because("This account does not exist.")
	}
	if err != nil {
		return false, fmt.Errorf("restore charge %s: %w", c.ID, err)
	}
	return done.RowsAffected() == 1, nil
}

// DecidedBets reads held and declined bets after an id, for a restore of the log. The
// ledger keeps neither their deadline nor which of them is a stake.
func (db *DB) DecidedBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error) {
	const read = `SELECT id, mission_id, user_id, amount, coalesce(logged_at, created_at) FROM ledger
		WHERE id > $1 AND kind IN ('hold', 'decline') ORDER BY id LIMIT $2`
	rows, _ := db.pool.Query(ctx, read, after, limit)
	return pg.All(rows, func(row pgx.CollectableRow) (ledger.Bet, error) {
		var b ledger.Bet
		err := row.Scan(&b.ID, &b.MissionID, &b.UserID, &b.Amount, &b.LoggedAt)
		b.LoggedAt = b.LoggedAt.UTC()
		return b, err
	}, "read decided bets")
}

// WaitingBets reads bets after an id that the sweep has passed and that have no
// outcome, for a restore of the log.
func (db *DB) WaitingBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error) {
	const read = `SELECT bet FROM strays WHERE bet_id > $1 ORDER BY bet_id LIMIT $2`
	rows, _ := db.pool.Query(ctx, read, after, limit)
	return pg.All(rows, pgx.RowTo[ledger.Bet], "read waiting bets")
}
