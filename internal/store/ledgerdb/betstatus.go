package ledgerdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/store/pg"
)

// BetStatuses returns the outcomes of bets. A bet that is not in the result has
// none yet. A held bet becomes paid or refunded when the cash leaves the
// escrow, not at the verdict. A bet that was logged after the verdict of a
// mission that succeeded is refunded, with the reason ledger.MissionClosed.
func (db *DB) BetStatuses(ctx context.Context, bets []uuid.UUID) (map[uuid.UUID]ledger.BetStatus, error) {
	refunds := make([]uuid.UUID, 0, len(bets))
	statuses := make(map[uuid.UUID]ledger.BetStatus, len(bets))
	const outcomes = `SELECT l.id, l.mission_id, l.user_id, l.amount, coalesce(l.logged_at, l.created_at),
			CASE WHEN l.kind = 'hold' AND e.ending = 'succeeded' AND l.logged_at >= e.decided_at THEN 'mission_closed' ELSE coalesce(l.reason, '') END,
			CASE WHEN l.kind = 'decline' THEN 'declined'
				WHEN e.ending = 'succeeded' AND l.logged_at >= e.decided_at THEN CASE WHEN b.refunded THEN 'refunded' ELSE 'held' END
				WHEN e.ending = 'succeeded' AND e.outflow = e.inflow THEN 'paid' ELSE 'held' END
		FROM ledger l LEFT JOIN escrows e ON e.mission_id = l.mission_id
		LEFT JOIN late_bets b ON b.mission_id = l.mission_id AND b.user_id = l.user_id
		WHERE l.id = ANY($1) AND l.kind IN ('hold', 'decline')`
	rows, _ := db.pool.Query(ctx, outcomes, pg.IDs(bets))
	var s ledger.BetStatus
	_, err := pgx.ForEachRow(rows, []any{&s.BetID, &s.MissionID, &s.UserID, &s.Amount, &s.LoggedAt, &s.Reason, &s.Status}, func() error {
		s.LoggedAt = s.LoggedAt.UTC()
		statuses[s.BetID] = s
		if s.Status == "held" {
			refunds = append(refunds, ledger.RefundID(s.MissionID, s.UserID))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the outcomes of %d bets: %w", len(bets), err)
	}
	if len(refunds) == 0 {
		return statuses, nil
	}
	return statuses, db.markRefunded(ctx, statuses, refunds)
}

// markRefunded turns held bets whose refund is in the ledger into refunded ones.
func (db *DB) markRefunded(ctx context.Context, statuses map[uuid.UUID]ledger.BetStatus, refunds []uuid.UUID) error {
	rows, _ := db.pool.Query(ctx, `SELECT id FROM ledger WHERE id = ANY($1)`, pg.IDs(refunds))
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("look for refunds: %w", err)
	}
	refunded := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		refunded[id] = true
	}
	for id, s := range statuses {
		if s.Status == "held" && refunded[ledger.RefundID(s.MissionID, s.UserID)] {
			s.Status = "refunded"
			statuses[id] = s
		}
	}
	return nil
}
