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
