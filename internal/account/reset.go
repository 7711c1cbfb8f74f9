package account

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
)

// ResetTime is how long a code is good after it was mailed. NIST SP 800-63B-4,
// 4.2.1.2, allows a day for a code by e-mail; an hour is enough for a mail that is
// late.
const ResetTime = time.Hour

// ResetCode proves that somebody reads the mails of an address, and lets them choose
// a new password. It is handed out once, by mail.
type ResetCode string

// NewResetCode returns some 130 random bits as 26 letters and digits, which people
// can read from one device and type into another.
func NewResetCode() ResetCode { return ResetCode(rand.Text()) }

// Hash is what the database keeps. A fast hash will do: 130 random bits can't be
// guessed. Lower case, and space around it, are what people make of a code.
func (c ResetCode) Hash() []byte {
	sum := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(string(c)))))
	return sum[:]
}
