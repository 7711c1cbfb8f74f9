package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/ledger"
)

// Accounts keeps the people.
type Accounts interface {
	SignUps
	Profiles
	Credentials
	PasswordChanges
	Leavers
}

// Users reads an account.
type Users interface {
	UserByID(ctx context.Context, id uuid.UUID) (account.User, error)
}

// SignUps makes accounts.
type SignUps interface {
	SignUp(ctx context.Context, u account.User, passwordHash string) (account.User, error)
}

// Profiles shows accounts and changes their settings.
type Profiles interface {
	Users
	ChangeUser(ctx context.Context, id uuid.UUID, change account.Change) (account.User, error)
	UsersByID(ctx context.Context, ids []uuid.UUID) ([]account.User, error)
	Streamers(ctx context.Context, before uuid.UUID, limit int) ([]account.User, error)
}

// Credentials finds what a password is compared with.
type Credentials interface {
	Credentials(ctx context.Context, email string) (id uuid.UUID, passwordHash string, err error)
}

// PasswordChanges replaces passwords.
type PasswordChanges interface {
	Users
	// ChangePassword ends every sign-in and begins one with the refresh token's hash.
	ChangePassword(ctx context.Context, user uuid.UUID, from, to string, refresh []byte, unused time.Duration) (account.SignIn, error)
}

// Leavers deletes accounts.
type Leavers interface {
	Users
	// BeginLeaving makes TakesMissions false, and CancelLeaving undoes that.
	BeginLeaving(ctx context.Context, user uuid.UUID) error
	CancelLeaving(ctx context.Context, user uuid.UUID) error
	Leave(ctx context.Context, user uuid.UUID) error
}

// Sessions keeps the hashes of refresh tokens.
type Sessions interface {
	StartSession(ctx context.Context, user uuid.UUID, passwordHash string, hash []byte, unused time.Duration) (account.SignIn, error)
	// RotateSession returns the sealed successor of the first time for a token that
	// comes again within the repeat time, else nil.
	RotateSession(ctx context.Context, hash []byte, r account.Rotation, repeat, longest time.Duration) (in account.SignIn, sealed []byte, err error)
	EndSession(ctx context.Context, hash []byte) error
	EndSessions(ctx context.Context, user uuid.UUID) error
}

// Logins counts the tries to sign in.
type Logins interface {
	// TakeLogin pays for a try. A wait says that it must not be made before that;
	// else the try is returned as it was charged.
	TakeLogin(ctx context.Context, try account.LoginTry) (taken account.LoginTry, wait time.Duration, err error)
	ReturnLogin(ctx context.Context, taken account.LoginTry) error
	LoginSucceeded(ctx context.Context, taken account.LoginTry) error
}

// Resets keeps who has forgotten their password, and the hashes of the codes they were
// mailed.
type Resets interface {
	// AskReset pays for a mail from the budgets of a try, and returns who will get it,
	// or how long to wait.
	AskReset(ctx context.Context, try account.LoginTry, email string) (user uuid.UUID, wait time.Duration, err error)
	UserByReset(ctx context.Context, code []byte) (account.User, error)
	// ResetPassword uses the code up, ends every sign-in and begins one with the
	// refresh token's hash.
	ResetPassword(ctx context.Context, code []byte, to string, refresh []byte, unused time.Duration) (account.SignIn, error)
}

// Factors keeps second factors.
type Factors interface {
	Factor(ctx context.Context, user uuid.UUID) (on bool, recoveryCodes int, err error)
	BeginFactor(ctx context.Context, user uuid.UUID, secret []byte) error
	ConfirmFactor(ctx context.Context, user uuid.UUID, try account.FactorTry, recovery [][]byte) error
	// TakeFactor takes a code once. Who has no second factor needs none.
	TakeFactor(ctx context.Context, user uuid.UUID, try account.FactorTry) error
	RemoveFactor(ctx context.Context, user uuid.UUID) error
}

// Balances reads what one person has.
type Balances interface {
	Cash(ctx context.Context, user uuid.UUID) (ledger.Cash, error)
}

// Unsettled reports whether a user has a mission that is not settled.
type Unsettled interface {
	HasUnsettled(ctx context.Context, user uuid.UUID) (bool, error)
}

// Passwords hashes slowly and within bounds.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
}

// Tokens makes and reads access tokens.
type Tokens interface {
	Sign(b token.Bearer) (string, error)
	Verify(signed string) (token.Bearer, error)
	JWKS() []byte
}

var _ Tokens = (*token.Issuer)(nil)
