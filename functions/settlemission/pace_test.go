package settlemission

import (
	"testing"
	"time"
)

func TestASettlementGivesWayWhileOthersWrite(t *testing.T) {
	t.Parallel()
	var p pace
	for i, c := range []struct {
		count uint64
		limit int
		rest  time.Duration
	}{
		{100, sharedChunk, 8 * time.Millisecond}, // not known yet
		{101, chunk, 0},                          // only its own
		{101, chunk, 0},                          // a chunk that wrote nothing
		{104, sharedChunk, 8 * time.Millisecond}, // two of others
		{105, chunk, 0},                          // they are gone
	} {
		if got := p.next(c.count); got != c.limit {
			t.Errorf("chunk %d may refund %d, want %d", i, got, c.limit)
		}
		if got := p.rest(8 * time.Millisecond); got != c.rest {
			t.Errorf("after chunk %d it rests %s, want %s", i, got, c.rest)
		}
	}
	p.next(1000)
	if got := p.rest(time.Second); got != longestRest {
		t.Errorf("after a slow chunk it rests %s, want %s at most", got, longestRest)
	}
}
