package token

import (
	"crypto/sha256"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Remembering is an issuer that remembers the tokens it has found good. Somebody who
// bets again and again sends the same token for 15 minutes, and to verify it was a
// quarter of the processor time of a bet.
//
// It lets nobody in whom the issuer would not. A token is found by the hash of all its
// text, signature included, so another one is never taken for it; outside of its time it
// is verified anew; and what is remembered goes with the program, as the keys do.
type Remembering struct {
	*Issuer
	good *lru.Cache[[sha256.Size]byte, remembered]
}

type remembered struct {
	bearer Bearer
	when   period
}

// Remember makes an issuer remember so many tokens, at some 300 bytes each. Beyond that
// the one that was not seen for the longest time is forgotten. The error is of a number
// below 1.
func Remember(i *Issuer, tokens int) (*Remembering, error) {
	good, err := lru.New[[sha256.Size]byte, remembered](tokens)
	if err != nil {
		return nil, fmt.Errorf("remember tokens: %w", err)
	}
	return &Remembering{Issuer: i, good: good}, nil
}

// Verify returns whom an access token was made for, as Issuer.Verify does.
func (r *Remembering) Verify(signed string) (Bearer, error) {
	key := sha256.Sum256([]byte(signed))
	if known, ok := r.good.Get(key); ok {
		if now := r.Now(); !now.Before(known.when.from) && now.Before(known.when.until) {
			return known.bearer, nil
		}
	}
	bearer, when, err := r.verify(signed)
	if err == nil {
		r.good.Add(key, remembered{bearer, when})
	}
	return bearer, err
}
