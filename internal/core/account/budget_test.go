package account_test

import (
	"net/netip"
	"testing"
	"time"

	"example.com/missionpot/internal/core/account"
)

// counter is a budget as the database stores it: the time at which it is full again.
type counter struct {
	account.Budget
	full time.Time
}

// take spends one try, unless none is left.
func (c *counter) take(now time.Time) bool {
	next := now
	if c.full.After(now) {
		next = c.full
	}
	if next = next.Add(c.Every); next.Sub(now) > c.Span() {
		return false
	}
	c.full = next
	return true
}

// Whatever one address does for a month, the owner of the account can sign in
// from a new address at any time.
func TestOneAddressNeverUsesUpAnAccountsTries(t *testing.T) {
	t.Parallel()
	try := account.NewLoginTry([]byte("a key"), "mina@example.com", netip.MustParseAddr("203.0.113.9"))
	pair, all, address := counter{Budget: try.Pair}, counter{Budget: try.Account}, counter{Budget: try.Address}
	start := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	for now := start; now.Before(start.Add(30 * 24 * time.Hour)); now = now.Add(10 * time.Second) {
		before := [...]counter{pair, all, address}
		if !pair.take(now) || !all.take(now) || !address.take(now) {
			pair, all, address = before[0], before[1], before[2] // all or none
		}
		if left := all; !left.take(now) {
			t.Fatalf("after %s of guesses by one address the owner is kept out", now.Sub(start))
		}
	}
}
