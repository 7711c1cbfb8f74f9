package ledgerdb

import (
	"context"
	"fmt"
	"time"

	"example.com/missionpot/internal/core/ledger"
)

// CloseEscrow closes a mission's escrow with the mission's ending and returns
// the stored ending. The first closing wins. A later one with any ending
// changes nothing and returns the first one's ending. Once it has committed no
// bet is held there.
//
// A mission without cash has no escrow. It gets a closed one, so that a bet
// that is still under way finds a closed escrow and is declined.
func (db *DB) CloseEscrow(ctx context.Context, c ledger.Closing) (ledger.Ending, error) {
	const closeIt = `INSERT INTO escrows AS e (mission_id, state, ending, decided_at, streamer_id, creator_id, title, closed_at)
		VALUES ($1, 'closed', $2, $3, $4, $5, $6, clock_timestamp())
		ON CONFLICT (mission_id) DO UPDATE SET state = 'closed', ending = excluded.ending, decided_at = excluded.decided_at, streamer_id = excluded.streamer_id,
			creator_id = excluded.creator_id, title = excluded.title, closed_at = excluded.closed_at
		WHERE e.state = 'open'`
	const read = `SELECT ending FROM escrows WHERE mission_id = $1`
	var decided *time.Time
	if !c.DecidedAt.IsZero() {
		decided = &c.DecidedAt
	}
	if _, err := db.pool.Exec(ctx, closeIt, c.MissionID, string(c.Ending), decided, c.StreamerID, c.CreatorID, c.Title); err != nil {
		return "", fmt.Errorf("close the escrow of %s: %w", c.MissionID, lasting(err))
	}
	var ending ledger.Ending
	if err := db.pool.QueryRow(ctx, read, c.MissionID).Scan(&ending); err != nil {
		return "", fmt.Errorf("read the ending of %s: %w", c.MissionID, err)
	}
	return ending, nil
}
