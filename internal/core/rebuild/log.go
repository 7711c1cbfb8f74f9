package rebuild

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// Decisions are what the ledger knows of bets that were in the log.
type Decisions interface {
	// DecidedBets reads held and declined bets after an id, in the order of ids. Stake and
	// Deadline are not set: the ledger does not keep them.
	DecidedBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error)
	// WaitingBets reads bets without an outcome that the sweep has passed, after an id.
	WaitingBets(ctx context.Context, after uuid.UUID, limit int) ([]ledger.Bet, error)
}

// Creation is what the missions instance knows of the making of a mission.
type Creation struct {
	MissionID, CreatorID uuid.UUID
	Key                  string // the creator's idempotency key
	Deadline             time.Time
}

// Creations is the missions instance.
type Creations interface {
	// Creations reads those of missions after an id, in the order of ids.
	Creations(ctx context.Context, after uuid.UUID, limit int) ([]Creation, error)
}

// Entries is the log.
type Entries interface {
	// StakeID is the id of the bet that a mission's creation logs under a key.
	StakeID(mission, creator uuid.UUID, idempotencyKey string) uuid.UUID
	// Restore writes entries that are missing, and returns how many were.
	Restore(ctx context.Context, lost []ledger.Bet) (int, error)
}

// LogEntries writes the entries of the log that are missing: those of decided
// bets, and those that the sweep waits for. It returns how many. A bet that was
// logged, but neither decided nor swept, is in no database. Its message decides
// it, and a second run then writes its entry. It may be repeated, and the
// service may run meanwhile.
func LogEntries(ctx context.Context, from Decisions, missions Creations, to Entries) (int, error) {
	made, err := creations(ctx, missions)
	if err != nil {
		return 0, fmt.Errorf("restore the log: %w", err)
	}
	written := 0
	for _, read := range []func(context.Context, uuid.UUID, int) ([]ledger.Bet, error){from.DecidedBets, from.WaitingBets} {
		for bets, err := range pages(ctx, logPage, read, func(b ledger.Bet) uuid.UUID { return b.ID }) {
			if err != nil {
				return written, fmt.Errorf("restore the log: %w", err)
			}
			for i, b := range bets {
				bets[i] = complete(b, made[b.MissionID], to)
			}
			n, err := to.Restore(ctx, bets)
			written += n
			if err != nil {
				return written, fmt.Errorf("restore the log: %w", err)
			}
		}
	}
	return written, nil
}

func creations(ctx context.Context, missions Creations) (map[uuid.UUID]Creation, error) {
	made := map[uuid.UUID]Creation{}
	for some, err := range pages(ctx, logPage, missions.Creations, func(c Creation) uuid.UUID { return c.MissionID }) {
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			made[c.MissionID] = c
		}
	}
	return made, nil
}

// complete adds what the ledger does not store. An unknown mission has no
// deadline: its bets were declined, or the mission was lost as well.
func complete(b ledger.Bet, c Creation, to Entries) ledger.Bet {
	if !b.Deadline.IsZero() || c.MissionID == uuid.Nil {
		return b
	}
	b.Deadline = c.Deadline
	b.Stake = b.UserID == c.CreatorID && b.ID == to.StakeID(c.MissionID, c.CreatorID, c.Key)
	return b
}
