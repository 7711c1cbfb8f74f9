package totp

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"example.com/missionpot/internal/core/account"
)

const (
	// stepSeconds and digits are what every app supports; RFC 6238, 5.2, recommends the first.
	stepSeconds = 30
	digits      = otp.DigitsSix
	// secretBytes is what RFC 4226, 4, recommends: the length of a SHA-1.
	secretBytes = 20
	// skew is how many steps a clock may be ahead or behind.
	skew = 1
)

// Secret is the secret that the app and the server share.
type Secret []byte

// NewSecret returns 160 random bits.
func NewSecret() Secret {
	secret := make(Secret, secretBytes)
	rand.Read(secret) // never fails, by its documentation
	return secret
}

// Text returns the secret as people type it into an app.
func (s Secret) Text() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s)
}

// SecretOf parses a secret as people type it.
func SecretOf(text string) (Secret, error) {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	return secret, nil
}

// URI returns the secret in the form that an app reads from a QR code:
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func (s Secret) URI(issuer, name string) string {
	query := url.Values{"secret": {s.Text()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {digits.String()}, "period": {fmt.Sprint(stepSeconds)}}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(name)
	return "otpauth://totp/" + label + "?" + query.Encode()
}

// Step returns the number of the step that a moment is in.
func Step(at time.Time) int64 { return at.Unix() / stepSeconds }

// Match returns the step that a code belongs to, if it is valid at this moment and newer than the
// last accepted one.
func (s Secret) Match(code string, at time.Time, last int64) (step int64, ok bool) {
	now := Step(at)
	for step := max(now-skew, last+1); step <= now+skew; step++ {
		// An error means another number of digits, which is not valid.
		// #nosec G115 -- no step of a time after 1970 is negative
		good, err := hotp.ValidateCustom(code, uint64(step), s.Text(), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && good {
			return step, true
		}
	}
	return 0, false
}

// Try is what a user typed: a code of the app, a recovery code, or nothing. Apps show their codes
// as two groups, and people type or paste them like that.
func Try(code string) account.FactorTry {
	code = strings.Join(strings.Fields(code), "")
	if code == "" {
		return account.FactorTry{}
	}
	match := func(secret []byte, at time.Time, last int64) (int64, bool) {
		return Secret(secret).Match(code, at, last)
	}
	return account.FactorTry{Match: match, RecoveryHash: account.Code(code).Hash()}
}

// Code returns the code of a step, as the app shows it.
func (s Secret) Code(step int64) (string, error) {
	// #nosec G115 -- no step of a time after 1970 is negative
	code, err := hotp.GenerateCodeCustom(s.Text(), uint64(step), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return code, nil
}
