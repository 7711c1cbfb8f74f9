package factor

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// recoveryCodes is how many somebody gets: enough to lose the app more than once.
const recoveryCodes = 10

// NewRecoveryCodes returns codes of some 130 random bits each. Each lets its owner in
// once.
func NewRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = rand.Text()
	}
	return codes
}

// RecoveryHash is what the database keeps of a recovery code. A fast hash will do: 130
// random bits can't be guessed. Lower case, and space around it, are what people make
// of a code.
func RecoveryHash(code string) []byte {
	sum := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(code))))
	return sum[:]
}
