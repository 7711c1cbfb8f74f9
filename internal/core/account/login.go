package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// Budget is a number of tries to sign in that refills one by one. Its key is a
// keyed hash. A budget without a key does not limit.
type Budget struct {
	Key   []byte
	Burst int           // tries at once
	Every time.Duration // one more after each
}

// Span is how long an empty budget takes to become full.
func (b Budget) Span() time.Duration { return time.Duration(b.Burst) * b.Every }

// LoginTry is the budgets that one try to sign in is taken from. All of them
// must have one left.
//
// The first is for an account from one address, and limits a user who has
// forgotten a password. The second is for an account from all addresses that it
// was never signed in to from: NIST SP 800-63B-4, 3.2.2, asks for at most 100
// wrong tries, and allows an exception for addresses with earlier sign-ins. It
// refills faster than the first, so one address never uses it up. Many
// addresses together lock out themselves and other new addresses, but never the
// owner at a known address, and five minutes after they stop nobody is locked
// out. The third is for an address over all accounts.
type LoginTry struct {
	Pair    Budget
	Account Budget
	Address Budget
}

// KnownTime is how long an address stays known to an account after a sign-in.
const KnownTime = 30 * 24 * time.Hour

// NewLoginTry names the budgets of a try. The e-mail address is in normal form,
// and need not belong to an account: tries for unknown addresses are counted in
// the same way, or the refusal would reveal who has an account. One client in
// IPv6 has 2^64 addresses, so only the first half is used.
func NewLoginTry(key []byte, email string, from netip.Addr) LoginTry {
	place := Place(from)
	return LoginTry{
		Pair:    Budget{Key: digest(key, "pair", email, place), Burst: 10, Every: 10 * time.Minute},
		Account: Budget{Key: digest(key, "account", email), Burst: 100, Every: 5 * time.Minute},
		Address: Budget{Key: digest(key, "address", place), Burst: 100, Every: 10 * time.Second},
	}
}

// NewResetTry names the budgets that a mail with a code for a new password is
// taken from. They keep a mailbox from being flooded. They are separate from
// those of signing in, so that requests by others do not keep a user from
// signing in.
func NewResetTry(key []byte, email string, from netip.Addr) LoginTry {
	return LoginTry{
		Account: Budget{Key: digest(key, "reset account", email), Burst: 3, Every: 20 * time.Minute},
		Address: Budget{Key: digest(key, "reset address", Place(from)), Burst: 20, Every: time.Minute},
	}
}

// NewFactorTry names the budget that guesses at a second factor are taken from
// after a mailed code was shown. Nobody without that code can spend it.
func NewFactorTry(key []byte, user uuid.UUID) LoginTry {
	return LoginTry{Account: Budget{Key: digest(key, "factor", user.String()), Burst: 10, Every: 10 * time.Minute}}
}

// Place is the part of an address that identifies a client: an IPv4 address, or
// the /64 network of an IPv6 address, because a single client gets a whole
// network.
func Place(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if network, err := from.Prefix(64); err == nil {
			return network.String()
		}
	}
	return from.String()
}

// digest separates its parts with a byte that none of them can contain.
func digest(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write([]byte(part)) // a hash never errs
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}
