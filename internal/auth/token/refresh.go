package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// RefreshTime is how long a refresh token may stay unused. Each use starts it again.
const RefreshTime = 30 * 24 * time.Hour

// SignInTime is how long a sign-in lasts, however often it is refreshed. NIST SP 800-63B-4, 2.1.3,
// requires 30 days for a single factor. This is three times that, because one amount is a million
// won at most, no cash leaves the service, and frequent sign-ins make people choose weaker
// passwords.
const SignInTime = 90 * 24 * time.Hour

// Refresh is a refresh token as the user gets it, once.
type Refresh string

// NewRefresh returns 256 random bits as text.
func NewRefresh() Refresh {
	var b [32]byte
	rand.Read(b[:]) // never fails, by its documentation
	return Refresh(base64.RawURLEncoding.EncodeToString(b[:]))
}

// RepeatTime is how long a used token gets the answer of its first use again, if its successor is
// unused: a client that lost the answer retries the call, and two tabs of a browser refresh at
// once. Other services allow 10 to 60 seconds.
const RepeatTime = 30 * time.Second

// Seal encrypts this token's successor so that only this token's text opens it.
func (r Refresh) Seal(next Refresh) []byte {
	return r.cipher().Seal(nil, nil, []byte(next), nil) // #nosec G407 -- the cipher adds a random nonce by itself
}

// Open returns the successor that was sealed with this token.
func (r Refresh) Open(sealed []byte) (Refresh, error) {
	next, err := r.cipher().Open(nil, nil, sealed, nil) // #nosec G407 -- as above
	if err != nil {
		return "", fmt.Errorf("open a sealed refresh token: %w", err)
	}
	return Refresh(next), nil
}

// cipher returns AES-256-GCM with a key derived from the token's text. The key can't be derived
// from the hash that the database stores.
func (r Refresh) cipher() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(r), nil, "missionpot successor of a refresh token", 32)
	if err != nil {
		panic(err) // only for a key that is too long
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for a key of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for another block size
	}
	return aead
}

// Hash returns what the database stores. A fast hash is enough: 256 random bits can't be guessed.
func (r Refresh) Hash() []byte {
	sum := sha256.Sum256([]byte(r))
	return sum[:]
}
