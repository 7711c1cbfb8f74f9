package betlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Kind is the call that made an entry. The same key in another kind of call is
// another entry.
type Kind string

// The kinds of entries.
const (
	Stake Kind = "stake" // the creator's first bet, logged with the mission's creation
	Bet   Kind = "bet"
)

// Shards is how many parts the sweep reads the log in. One part takes about 500
// writes a second, the limit of an index over a rising value:
// https://cloud.google.com/firestore/docs/best-practices#indexes
const Shards = 16

// digest is what identifies an entry. Its hex form is the document's id.
type digest [sha256.Size]byte

// identify makes the digest of a call. The mission is part of it so that one
// key on two missions in the same millisecond still gives two bet ids. All parts
// but the last have a fixed set of values or a fixed length, so no two calls
// read the same.
func identify(kind Kind, mission, user uuid.UUID, idempotencyKey string) digest {
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s", kind, mission, user, idempotencyKey))
}

func (d digest) documentID() string { return hex.EncodeToString(d[:]) }

// shard spreads the log over the sweep's parts.
func (d digest) shard() int { return int(d[0]) % Shards }

// betID is a UUIDv7 (RFC 9562) whose 74 random bits are the digest's first 74.
// So ids rise with time, as indexes like it, nobody can guess another's, and
// the id leads to the document.
func (d digest) betID(at time.Time) uuid.UUID {
	high, low := binary.BigEndian.Uint64(d[0:8]), binary.BigEndian.Uint64(d[8:16])
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[0:8], uint64(at.UnixMilli())<<16|0x7000|high>>52)
	binary.BigEndian.PutUint64(id[8:16], 0x8000_0000_0000_0000|(high<<12|low>>52)>>2)
	return id
}

// documentRange is the span of document ids that a bet id may stand for: first
// inclusive, last exclusive. It is a 2⁷⁴th of all.
func documentRange(betID uuid.UUID) (first, last string) {
	randA := binary.BigEndian.Uint64(betID[0:8]) & 0x0fff
	randB := binary.BigEndian.Uint64(betID[8:16]) & 0x3fff_ffff_ffff_ffff
	high := randA<<52 | randB>>10
	next := uint16(randB&0x3ff) << 6 // the last 10 of the 74 bits, at the left of two bytes
	// "g" sorts after every hex digit.
	return fmt.Sprintf("%016x%04x", high, next), fmt.Sprintf("%016x%04xg", high, next|0x3f)
}
