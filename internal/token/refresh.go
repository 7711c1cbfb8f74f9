package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// RefreshTime is how long a refresh token may lie unused. Each use starts it
// anew.
const RefreshTime = 30 * 24 * time.Hour

// SignInTime is how long a sign-in lasts, however often it is refreshed. NIST SP
// 800-63B-4, 2.1.3, would have 30 days for a single factor; three times that, because
// one amount is a million won at most, no cash leaves the service, and whoever is
// signed out at each turn chooses a worse password.
const SignInTime = 90 * 24 * time.Hour

// Refresh is a refresh token as it is handed out, once.
type Refresh string

// NewRefresh returns 256 random bits as text.
func NewRefresh() Refresh {
	var b [32]byte
	rand.Read(b[:]) // never fails, by its documentation
	return Refresh(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash is what the database keeps. A fast hash will do: 256 random bits can't
// be guessed.
func (r Refresh) Hash() []byte {
	sum := sha256.Sum256([]byte(r))
	return sum[:]
}
