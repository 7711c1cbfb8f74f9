package betlog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/missionpot/internal/core/ledger"
)

// restoreWrites is how many entries Restore writes at once.
const restoreWrites = 32

// StakeID is the id of the bet that a mission's creation logs under a key.
func (*Log) StakeID(mission, creator uuid.UUID, idempotencyKey string) uuid.UUID {
	return betID(ledger.StakeEntry, mission, creator, idempotencyKey)
}

// Restore writes entries that the log has lost, with their former ids and
// times. Existing entries are not changed. It returns how many were missing.
func (l *Log) Restore(ctx context.Context, lost []ledger.Bet) (int, error) {
	written := make(chan struct{}, len(lost))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(restoreWrites)
	for _, b := range lost {
		all.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, createTimeout)
			defer cancel()
			_, err := l.of(b.MissionID).Doc(b.ID.String()).Create(ctx, restored(b))
			switch {
			case status.Code(err) == codes.AlreadyExists:
				return nil
			case err != nil:
				return fmt.Errorf("restore the entry of bet %s: %w", b.ID, err)
			}
			written <- struct{}{}
			return nil
		})
	}
	err := all.Wait()
	return len(written), err
}

// restored is a record with given times. It is a map because record's fields
// for the server's time can't be written.
func restored(b ledger.Bet) map[string]any {
	kind, at := ledger.BetEntry, b.LoggedAt.UTC().Truncate(time.Microsecond)
	if b.Stake {
		kind = ledger.StakeEntry
	}
	return map[string]any{
		"bet_id": b.ID.String(), "mission_id": b.MissionID.String(), "user_id": b.UserID.String(), "amount": int64(b.Amount),
		"kind": string(kind), "deadline": b.Deadline, "shard": shardOf(b.ID), "placed_at": at, "logged_at": at,
	}
}
