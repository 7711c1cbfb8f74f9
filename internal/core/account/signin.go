package account

import (
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
)

// SignIn is a sign-in when it started or was refreshed: an access token is made of it.
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

// Wallet is what a call of a signed-in user depends on.
type Wallet struct {
	Cash       ledger.Won // in won
	Generation int64      // access tokens of another one are not valid any more
}
