package settlemission

import "time"

const (
	// chunk is how many contributors one transaction refunds while nobody else
	// writes, and sharedChunk while others do: whoever bets with one of those wallets
	// waits for as long as the transaction takes. A prototype refunded 100,000 in one
	// statement, and bets beside it waited for more than a second.
	chunk       = 2000
	sharedChunk = 200
	// chunksAtOnce is how many transactions refund at once while nobody else writes:
	// one writes while another reads or waits. The instance has few processors.
	chunksAtOnce = 2
	// longestRest is the longest pause between two chunks.
	longestRest = 50 * time.Millisecond
)

// pace slows a settlement down while others write, so that a refund does not
// block bets. Others are writing if the database's own count of transactions
// rose by more than the settlement's own between two chunks. Then chunks are
// small, and after each the settlement pauses for as long as it took, so that
// bets have at least half of the time.
type pace struct {
	count uint64 // of transactions, before the last chunks
	ours  uint64 // transactions that those chunks took at most
	alone bool
}

// next is how many contributors each of the next chunks may refund, and how
// many chunks may run at once, given the number of transactions so far. The
// first call does not know yet whether others write.
func (p *pace) next(count uint64) (limit, atOnce int) {
	p.alone = p.count != 0 && count <= p.count+p.ours
	limit, atOnce, p.ours = sharedChunk, 1, 1
	if p.alone {
		limit, atOnce, p.ours = chunk, chunksAtOnce, chunksAtOnce
	}
	p.count = count
	return limit, atOnce
}

// rest is how long to pause after chunks.
func (p *pace) rest(took time.Duration) time.Duration {
	if p.alone {
		return 0
	}
	return min(took, longestRest)
}
