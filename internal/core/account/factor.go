package account

import "time"

// FactorTime is how long a user has to confirm a second factor.
const FactorTime = 15 * time.Minute

// FactorTry is a code that a user sends for the second factor. It may be a code
// of the app or a recovery code. The zero value is no code.
type FactorTry struct {
	// Match returns the step that the code belongs to, if it is one of the secret's, good
	// at this moment, and newer than the last step that was taken.
	Match        func(secret []byte, at time.Time, last int64) (step int64, ok bool)
	RecoveryHash []byte
}
