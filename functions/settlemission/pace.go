package settlemission

import "time"

const (
	// chunk is how many contributors one transaction refunds while nobody else
	// writes, and sharedChunk while others do: whoever bets with one of those wallets
	// waits for as long as the transaction takes. A prototype refunded 100,000 in one
	// statement, and bets beside it waited for more than a second.
	chunk       = 1000
	sharedChunk = 200
	// longestRest bounds the pause between two chunks.
	longestRest = 50 * time.Millisecond
)

// pace has a settlement give way: a refund must not stop the house. The sign that
// the house is busy is that others wrote between two chunks, by the database's own
// count of transactions. Then chunks are small, and after each the settlement
// rests for as long as it took, so that bets have at least half of the time.
type pace struct {
	count uint64 // of transactions, at the last chunk
	alone bool
}

// next is how many contributors the next chunk may refund, given how many
// transactions there were so far. One of them was the chunk before. Whether
// anybody else writes is not known at first.
func (p *pace) next(count uint64) int {
	p.alone = p.count != 0 && count <= p.count+1
	p.count = count
	if p.alone {
		return chunk
	}
	return sharedChunk
}

// rest is how long to stay away after a chunk.
func (p *pace) rest(took time.Duration) time.Duration {
	if p.alone {
		return 0
	}
	return min(took, longestRest)
}
