package api

import (
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"example.com/missionpot/internal/fault"
)

// The limits of guessing one account's password on one instance: ten tries at
// once, then one in six seconds. Guessing across many accounts is bounded by
// how many passwords are verified at a time.
const (
	loginBurst = 10
	loginEvery = 6 * time.Second
	maxLogins  = 100_000 // accounts remembered, about 20 MB
)

// loginLimiter slows down guessing, by account and in memory. It counts
// addresses nobody has too, or the 429 would tell who has an account.
type loginLimiter struct {
	now      func() time.Time
	mu       sync.Mutex
	accounts map[[sha256.Size]byte]*rate.Limiter
}

func newLoginLimiter(now func() time.Time) *loginLimiter {
	return &loginLimiter{now: now, accounts: map[[sha256.Size]byte]*rate.Limiter{}}
}

// take uses up one try. The error is fault.TooMany.
func (l *loginLimiter) take(email string) error {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	key := sha256.Sum256([]byte(email))
	limiter, known := l.accounts[key]
	if !known {
		if len(l.accounts) >= maxLogins {
			l.forget(now)
		}
		limiter = rate.NewLimiter(rate.Every(loginEvery), loginBurst)
		l.accounts[key] = limiter
	}
	if !limiter.AllowN(now, 1) {
		return fault.TooMany.Because("Too many tries to sign in to this account.").After(loginEvery)
	}
	return nil
}

// forget drops the accounts that have all their tries back, and if that makes
// no room, every one: memory must not grow with an attack.
func (l *loginLimiter) forget(now time.Time) {
	for key, limiter := range l.accounts {
		if limiter.TokensAt(now) >= loginBurst {
			delete(l.accounts, key)
		}
	}
	if len(l.accounts) >= maxLogins {
		clear(l.accounts)
	}
}
