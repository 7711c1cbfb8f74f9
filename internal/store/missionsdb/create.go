package missionsdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// Create inserts a mission in the state funding, under the id and with the
// streamer's terms as they are now. The draft must have been checked.
//
// The creator's idempotency key makes it happen once: for a known key it
// returns its mission with created false, or fault.IdempotencyReused if the
// request's hash differs. A mission beyond the Limits is not made, and the
// error is fault.TooManyMissions. The limits hold over all instances.
func (db *DB) Create(ctx context.Context, id uuid.UUID, d mission.Draft, t mission.Terms, key string, requestHash []byte) (m mission.Mission, created bool, err error) {
	const query = `
		INSERT INTO missions AS m (id, creator_id, idempotency_key, request_hash, streamer_id, title, description,
		  stake, time_limit_seconds, auto_accept, min_stake, max_stake, acceptance_seconds, deadline)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, clock_timestamp() + make_interval(secs => $14))
		ON CONFLICT (creator_id, idempotency_key) DO NOTHING
		RETURNING ` + columns
	err = db.pool.InTx(ctx, func(tx pgx.Tx) error {
		if err := db.countAlone(ctx, tx, d.CreatorID); err != nil {
			return err
		}
		row := tx.QueryRow(ctx, query, id, d.CreatorID, key, requestHash, d.StreamerID, d.Title, d.Description,
			d.Stake, int64(d.TimeLimit.Seconds()), t.AutoAccept, t.MinStake, t.MaxStake, int64(t.Acceptance.Seconds()),
			mission.FundingTime.Seconds())
		m, created, err = found(scanMission(row))
		if err != nil || !created {
			return err
		}
		if err := db.checkLimits(ctx, tx, m); err != nil {
			return err
		}
		return record(ctx, tx, happened{mission.WasCreated, m})
	})
	if err != nil {
		return mission.Mission{}, false, fmt.Errorf("create mission %s: %w", id, err)
	}
	if created {
		return m, true, nil
	}
	m, err = db.createdBefore(ctx, d.CreatorID, key, requestHash)
	return m, false, err
}

// createdBefore is the mission an earlier request made with the key.
func (db *DB) createdBefore(ctx context.Context, creator uuid.UUID, key string, requestHash []byte) (mission.Mission, error) {
	m, hash, ok, err := db.ByKey(ctx, creator, key)
	switch {
	case err != nil:
		return mission.Mission{}, err
	case !ok:
		return mission.Mission{}, errors.New("create mission: its key is in use, but no mission has it")
	case !bytes.Equal(hash, requestHash):
		return mission.Mission{}, fault.IdempotencyReused
	}
	return m, nil
}

// ByKey returns the mission that a creator made with an idempotency key, the
// hash of the request that made it, and whether there is one.
func (db *DB) ByKey(ctx context.Context, creator uuid.UUID, key string) (m mission.Mission, hash []byte, ok bool, err error) {
	const query = `SELECT ` + columns + `, m.request_hash FROM missions m WHERE m.creator_id = $1 AND m.idempotency_key = $2`
	m, ok, err = found(scanMission(db.pool.QueryRow(ctx, query, creator, key), &hash))
	if err != nil {
		return mission.Mission{}, nil, false, fmt.Errorf("look up a mission by its key: %w", err)
	}
	return m, hash, ok, nil
}
