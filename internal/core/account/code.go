package account

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
)

// ResetTime is how long a mailed code is valid. NIST SP 800-63B-4, 4.2.1.2, allows
// a day for a code by e-mail; an hour is enough for a late mail.
const ResetTime = time.Hour

// Code is shown once and works once: in a mail, to choose a new password, or as
// a recovery code, for a user who has lost the second factor.
type Code string

// NewCode returns some 130 random bits as 26 letters and digits, which people can read
// from one place and type into another.
func NewCode() Code { return Code(rand.Text()) }

// Hash is what the database stores. A fast hash is enough, because 130 random
// bits can't be guessed. Lower case and surrounding space are accepted, because
// people type codes that way.
func (c Code) Hash() []byte {
	sum := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(string(c)))))
	return sum[:]
}
