package betlog

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestABetIDLeadsToItsDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d digest
		copy(d[:], rapid.SliceOfN(rapid.Byte(), len(d), len(d)).Draw(t, "digest"))
		at := time.UnixMilli(rapid.Int64Range(0, 1<<48-1).Draw(t, "milliseconds"))
		id := d.betID(at)
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s has version %d and variant %s, want a UUIDv7", id, id.Version(), id.Variant())
		}
		if sec, nsec := id.Time().UnixTime(); time.Unix(sec, nsec).UnixMilli() != at.UnixMilli() {
			t.Fatalf("%s is of another millisecond than %d", id, at.UnixMilli())
		}
		first, last := documentRange(id)
		if name := d.documentID(); name < first || name >= last {
			t.Fatalf("document %s is outside of %s to %s", name, first, last)
		}
		// One bit flipped among the first 74 must lead elsewhere.
		bit := rapid.IntRange(0, 73).Draw(t, "bit")
		d[bit/8] ^= 0x80 >> (bit % 8)
		if name := d.documentID(); name >= first && name < last {
			t.Fatalf("document %s, of another bet, is within %s to %s", name, first, last)
		}
	})
}

func TestEveryPartOfACallMakesItAnotherEntry(t *testing.T) {
	t.Parallel()
	mission, user := uuid.New(), uuid.New()
	seen := map[string]string{}
	for name, d := range map[string]digest{
		"a bet":           identify(Bet, mission, user, "key"),
		"a stake":         identify(Stake, mission, user, "key"),
		"another mission": identify(Bet, user, user, "key"),
		"another user":    identify(Bet, mission, mission, "key"),
		"another key":     identify(Bet, mission, user, "key\n"),
	} {
		id := d.documentID()
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s are the same entry %s", name, other, id)
		}
		seen[id] = name
		if _, err := hex.DecodeString(id); err != nil || len(id) != 64 {
			t.Errorf("%s: the document id is %q, want 64 hex digits", name, id)
		}
	}
}

func TestRule18BetsSpreadOverAllShards(t *testing.T) {
	t.Parallel()
	const total = 16_000
	var counts [Shards]int
	mission, user := uuid.New(), uuid.New()
	for i := range total {
		counts[identify(Bet, mission, user, fmt.Sprint(i)).shard()]++
	}
	for shard, n := range counts {
		if n < total/Shards*8/10 || n > total/Shards*12/10 {
			t.Errorf("shard %d has %d of %d bets, want about a sixteenth", shard, n, total)
		}
	}
}

// Ids that rise would put every write on one server of Firestore.
func TestRule18DocumentIDsDoNotRiseWithTheBets(t *testing.T) {
	t.Parallel()
	const total = 2000
	mission, user := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	rises, last := 0, ""
	for i := range total {
		id := identify(Bet, mission, user, fmt.Sprintf("%08d", i)).documentID()
		if id > last {
			rises++
		}
		last = id
	}
	if rises < total*4/10 || rises > total*6/10 {
		t.Errorf("%d of %d ids are above the one before, want about half", rises, total)
	}
}
