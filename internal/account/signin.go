package account

import (
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/ledger"
)

// SignIn is a sign-in as it was at the moment it was begun or went on: what an
// access token is made of.
type SignIn struct {
	User       uuid.UUID
	Generation int64 // of the user; raised when all sign-ins end
	Operator   bool
}

// Rotation is what a refresh token is replaced by.
type Rotation struct {
	Next   []byte        // hash of the successor
	Sealed []byte        // the successor, sealed with the token that it replaces
	Unused time.Duration // after which it lapses
}

// Wallet is what a call of somebody who is signed in depends on.
type Wallet struct {
	Cash       ledger.Won // in won
	Generation int64      // access tokens of another one are not good any more
}
