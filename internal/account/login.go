package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// Budget is a number of tries to sign in that fills up again, one after the
// other. Its key is a keyed hash; a budget without a key is none.
type Budget struct {
	Key   []byte
	Burst int           // tries at once
	Every time.Duration // one more after each
}

// Span is how long an empty budget takes to be whole.
func (b Budget) Span() time.Duration { return time.Duration(b.Burst) * b.Every }

// LoginTry is what one try to sign in is paid from. All budgets must have one
// left.
//
// The first is of an account from one address, and is what somebody meets who
// has forgotten a password. The second is of an account from all addresses that
// it was never signed in to from: NIST SP 800-63B-4, 3.2.2, asks for at most 100
// wrong tries, and allows to spare addresses that were good before. It fills up
// faster than the first, so one address never uses it up; many together lock out
// themselves and other strangers, and never the owner at home; and five minutes
// after they stop, nobody. The third is of an address over all accounts.
type LoginTry struct {
	Pair    Budget
	Account Budget
	Address Budget
}

// KnownTime is how long an address stays known to an account after a sign-in.
const KnownTime = 30 * 24 * time.Hour

// NewLoginTry names the budgets of a try. The e-mail address is in normal form,
// and may be nobody's: strangers' tries are counted alike, or the refusal would
// tell who has an account. Of the addresses in IPv6 one client has 2^64, so the
// first half is what counts.
func NewLoginTry(key []byte, email string, from netip.Addr) LoginTry {
	place := Place(from)
	return LoginTry{
		Pair:    Budget{Key: digest(key, "pair", email, place), Burst: 10, Every: 10 * time.Minute},
		Account: Budget{Key: digest(key, "account", email), Burst: 100, Every: 5 * time.Minute},
		Address: Budget{Key: digest(key, "address", place), Burst: 100, Every: 10 * time.Second},
	}
}

// NewResetTry names the budgets that a mail with a code for a new password is paid
// from. They keep a mailbox from being flooded, and are apart from those of signing in,
// so that nobody is kept from that by whoever asks in their name.
func NewResetTry(key []byte, email string, from netip.Addr) LoginTry {
	return LoginTry{
		Account: Budget{Key: digest(key, "reset account", email), Burst: 3, Every: 20 * time.Minute},
		Address: Budget{Key: digest(key, "reset address", Place(from)), Burst: 20, Every: time.Minute},
	}
}

// NewFactorTry names the budget that guesses at a second factor are paid from, of
// somebody who has shown a mailed code. Nobody else can spend it.
func NewFactorTry(key []byte, user uuid.UUID) LoginTry {
	return LoginTry{Account: Budget{Key: digest(key, "factor", user.String()), Burst: 10, Every: 10 * time.Minute}}
}

// Place is an address as far as it tells clients apart: an IPv4 address, or the
// /64 network of an IPv6 one, which is what a single client is given.
func Place(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if network, err := from.Prefix(64); err == nil {
			return network.String()
		}
	}
	return from.String()
}

// digest keeps its parts apart with a byte that none of them can have.
func digest(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write([]byte(part)) // a hash never errs
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}
