package betlog

import (
	"bytes"
	"fmt"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// record is a document of the log.
type record struct {
	BetID       string           `firestore:"bet_id"`
	MissionID   string           `firestore:"mission_id"`
	UserID      string           `firestore:"user_id"`
	Amount      int64            `firestore:"amount"` // won
	Kind        ledger.EntryKind `firestore:"kind"`
	RequestHash []byte           `firestore:"request_hash"`
	Deadline    time.Time        `firestore:"deadline"`
	Shard       int              `firestore:"shard"`
	// PlacedAt is Firestore's time of the write and orders the sweep. It is
	// coarser than the document's own creation time, so it is not what deadlines
	// are compared with.
	PlacedAt time.Time `firestore:"placed_at,serverTimestamp"`
	// LoggedAt is set in an entry that was restored: when the lost one was logged.
	LoggedAt *time.Time `firestore:"logged_at,omitempty"`
}

func newRecord(e ledger.LogEntry) record {
	id := idOf(e)
	return record{
		BetID: id.String(), MissionID: e.Bet.MissionID.String(), UserID: e.Bet.UserID.String(),
		Amount: int64(e.Bet.Amount), Kind: e.Kind, RequestHash: e.RequestHash, Deadline: e.Bet.Deadline, Shard: shardOf(id),
	}
}

// idOf is the id of the bet that an entry logs.
func idOf(e ledger.LogEntry) uuid.UUID {
	return betID(e.Kind, e.Bet.MissionID, e.Bet.UserID, e.IdempotencyKey)
}

// answers reports whether a request that names this entry is the one that made
// it. The request of a restored entry is not known, so its amount is compared
// instead.
func (r record) answers(e ledger.LogEntry) bool {
	if r.LoggedAt != nil {
		return r.Amount == int64(e.Bet.Amount)
	}
	return bytes.Equal(r.RequestHash, e.RequestHash)
}

// bet is the entry as the ledger knows it. The time is that of the document's
// creation, which no client can set (rule 4), unless the entry was restored;
// microseconds are what Firestore and Postgres keep.
func (r record) bet(created time.Time) (ledger.Bet, error) {
	if r.LoggedAt != nil {
		created = *r.LoggedAt
	}
	ids := [3]uuid.UUID{}
	for i, text := range []string{r.BetID, r.MissionID, r.UserID} {
		id, err := uuid.Parse(text)
		if err != nil {
			return ledger.Bet{}, fmt.Errorf("bet log: read an id: %w", err)
		}
		ids[i] = id
	}
	return ledger.Bet{
		ID: ids[0], MissionID: ids[1], UserID: ids[2], Amount: ledger.Won(r.Amount), Stake: r.Kind == ledger.StakeEntry,
		LoggedAt: created.UTC().Truncate(time.Microsecond), Deadline: r.Deadline.UTC().Truncate(time.Microsecond),
	}, nil
}
