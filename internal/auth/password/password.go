// Package password hashes and verifies passwords with argon2id.
//
// Hashing is slow and needs memory by design, so it is also the cheapest way to overload a server.
// That is why this package exists: only a few hashes run at once, callers wait a moment for a
// place, and the rest are rejected with a time to retry.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"

	"example.com/missionpot/internal/core/fault"
)

// Params are the cost of one hash.
type Params struct {
	MemoryKiB  uint32
	Iterations uint32
}

// Recommended is the OWASP Password Storage Cheat Sheet's first choice for argon2id at 19 MiB: two
// iterations, one lane. It takes about 30 ms.
func Recommended() Params { return Params{MemoryKiB: 19 * 1024, Iterations: 2} }

// patience is how long a caller waits for a place before it is rejected.
const patience = 2 * time.Second

// Hasher limits how many hashes run at once. It is safe for concurrent use.
type Hasher struct {
	params argon2id.Params
	places chan struct{}
	decoy  string
}

// New makes a Hasher that runs at most atOnce hashes at a time.
func New(p Params, atOnce int) (*Hasher, error) {
	params := argon2id.Params{Memory: p.MemoryKiB, Iterations: p.Iterations, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	h := &Hasher{params: params, places: make(chan struct{}, atOnce), decoy: newDecoy(params)}
	if _, _, _, err := argon2id.DecodeHash(h.decoy); err != nil {
		return nil, fmt.Errorf("make the decoy: %w", err)
	}
	return h, nil
}

// argonVersion is the only version: RFC 9106, section 3.1, version number v.
const argonVersion = 0x13

// newDecoy returns a hash, in PHC form, that no known password makes: its key is random. Hashing
// something instead would take half of a program's start.
func newDecoy(p argon2id.Params) string {
	chance := make([]byte, p.SaltLength+p.KeyLength)
	rand.Read(chance) // never fails, by its documentation
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argonVersion, p.Memory, p.Iterations, p.Parallelism,
		text(chance[:p.SaltLength]), text(chance[p.SaltLength:]))
}

// Hash returns a salted hash in PHC form, cost included. The error is
// fault.Unavailable if no place became free in time.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Verify reports whether the password made the hash. An empty hash stands for an account that does
// not exist: Verify then does the same work with a decoy, so that the time does not reveal who has
// an account. The error is fault.Unavailable if no place became free in time.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	exists := hash != ""
	if !exists {
		hash = h.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("verify a password: %w", err)
	}
	return match && exists, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h.places <- struct{}{}:
		return nil
	case <-timer.C:
		return fault.Unavailable.Because("too many people are signing in at this moment").After(time.Second)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) leave() { <-h.places }
