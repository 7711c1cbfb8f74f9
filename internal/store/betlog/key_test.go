package betlog

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

func TestRule1ACallAndItsRetryNameOneBet(t *testing.T) {
	t.Parallel()
	mission, user := uuid.Must(uuid.NewV7()), uuid.New()
	id := betID(ledger.BetEntry, mission, user, "key")
	if again := betID(ledger.BetEntry, mission, user, "key"); again != id {
		t.Errorf("a call is bet %s and its retry %s, want one", id, again)
	}
	if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%s has version %d and variant %s, want a UUIDv8", id, id.Version(), id.Variant())
	}
	if [6]byte(id[:6]) != [6]byte(mission[:6]) {
		t.Errorf("bet %s does not begin as mission %s does", id, mission)
	}
}

func TestEveryPartOfACallMakesItAnotherBet(t *testing.T) {
	t.Parallel()
	mission, user := uuid.New(), uuid.New()
	seen := map[uuid.UUID]string{}
	for name, id := range map[string]uuid.UUID{
		"a bet":           betID(ledger.BetEntry, mission, user, "key"),
		"a stake":         betID(ledger.StakeEntry, mission, user, "key"),
		"another mission": betID(ledger.BetEntry, user, user, "key"),
		"another user":    betID(ledger.BetEntry, mission, mission, "key"),
		"another key":     betID(ledger.BetEntry, mission, user, "key\n"),
	} {
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s are the same bet %s", name, other, id)
		}
		seen[id] = name
	}
}

func TestRule18BetsSpreadOverAllShards(t *testing.T) {
	t.Parallel()
	const total = 16_000
	var counts [ledger.Shards]int
	mission, user := uuid.New(), uuid.New()
	for i := range total {
		counts[shardOf(betID(ledger.BetEntry, mission, user, fmt.Sprint(i)))]++
	}
	for shard, n := range counts {
		if n < total/ledger.Shards*8/10 || n > total/ledger.Shards*12/10 {
			t.Errorf("shard %d has %d of %d bets, want about a sixteenth", shard, n, total)
		}
	}
}

func TestRule18DocumentIDsDoNotRiseWithTheBets(t *testing.T) {
	t.Parallel()
	const total = 2000
	mission, user := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	rises, last := 0, ""
	for i := range total {
		id := betID(ledger.BetEntry, mission, user, fmt.Sprintf("%08d", i)).String()
		if id > last {
			rises++
		}
		last = id
	}
	if rises < total*4/10 || rises > total*6/10 {
		t.Errorf("%d of %d ids are above the one before, want about half", rises, total)
	}
}
