package settlemission

import (
	"testing"
	"time"
)

func TestASettlementGivesWayWhileOthersWrite(t *testing.T) {
	t.Parallel()
	var p pace
	for i, c := range []struct {
		count         uint64
		limit, atOnce int
		rest          time.Duration
	}{
		{100, sharedChunk, 1, 8 * time.Millisecond}, // not known yet
		{101, chunk, 2, 0},                          // only its own
		{101, chunk, 2, 0},                          // chunks that wrote nothing
		{103, chunk, 2, 0},                          // its own two
		{106, sharedChunk, 1, 8 * time.Millisecond}, // one by others
		{108, sharedChunk, 1, 8 * time.Millisecond}, // one again: its own chunk was one
		{109, chunk, 2, 0},                          // the others have stopped
	} {
		if limit, atOnce := p.next(c.count); limit != c.limit || atOnce != c.atOnce {
			t.Errorf("round %d may refund %d at a time in %d chunks at once, want %d and %d", i, limit, atOnce, c.limit, c.atOnce)
		}
		if got := p.rest(8 * time.Millisecond); got != c.rest {
			t.Errorf("after round %d it rests %s, want %s", i, got, c.rest)
		}
	}
	p.next(1000)
	if got := p.rest(time.Second); got != longestRest {
		t.Errorf("after a slow chunk it rests %s, want %s at most", got, longestRest)
	}
}
