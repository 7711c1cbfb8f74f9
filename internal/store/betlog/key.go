package betlog

import (
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// betID is the id of a bet, made of the call that places it (rule 1): the call and
// its retries name one entry of the log and one row of the ledger, even after one
// of the two was lost. It begins as the mission's id does, so that the bets of a
// mission are next to each other in the ledger's index. 74 bits of a hash make up
// the rest (a version 8 UUID of RFC 9562).
//
// The key comes last because it is the only part that may contain a newline, so
// no two calls have the same text.
func betID(kind ledger.EntryKind, mission, user uuid.UUID, idempotencyKey string) uuid.UUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s", kind, mission, user, idempotencyKey))
	var id uuid.UUID
	copy(id[:], mission[:6])
	copy(id[6:], sum[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// shardOf is the shard of a bet's entry. The last byte of its id is of the hash.
func shardOf(bet uuid.UUID) int { return int(bet[15]) % ledger.Shards }
