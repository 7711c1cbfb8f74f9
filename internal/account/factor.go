package account

import "time"

// FactorTime is how long somebody has to confirm a second factor that was begun.
const FactorTime = 15 * time.Minute

// FactorTry is a code that somebody gives for their second factor. It may be one of their
// app or a recovery code; the zero value is none at all.
type FactorTry struct {
	// Match returns the step that the code belongs to, if it is one of the secret's, good
	// at this moment, and newer than the last step that was taken.
	Match        func(secret []byte, at time.Time, last int64) (step int64, ok bool)
	RecoveryHash []byte
}
