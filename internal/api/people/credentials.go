package people

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/totp"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

// credentials checks that callers are who they say, and counts their guesses.
type credentials struct {
	accounts  Credentials
	passwords Passwords
	factors   Factors
	tries     Logins
	key       []byte // hashes accounts and addresses
}

// further is what is asked for beside the password, within the same guess.
type further func(ctx context.Context, user uuid.UUID) error

// second takes a code of the second factor, if the user has one.
func (c *credentials) second(code string) further {
	return func(ctx context.Context, user uuid.UUID) error {
		return c.factors.TakeFactor(ctx, user, totp.Try(code))
	}
}

// check returns whose the address is and the hash that the password fits, and
// asks for what comes second. An address that nobody has takes the same steps as a
// wrong password.
func (c *credentials) check(ctx context.Context, email, password string, then further) (user uuid.UUID, hash string, err error) {
	err = c.guess(ctx, account.NewLoginTry(c.key, email, edge.Address(ctx)), func() error {
		var err error
		if user, hash, err = c.accounts.Credentials(ctx, email); err != nil {
			return err
		}
		good, err := c.passwords.Verify(ctx, account.NormalPassword(password), hash)
		if err != nil {
			return err
		}
		if !good {
			return fault.BadCredentials
		}
		return then(ctx, user)
	})
	return user, hash, err
}

// guess counts a check of who somebody is. It is paid for before anything is looked at,
// or many at once would all pass; what was no wrong guess is given back.
func (c *credentials) guess(ctx context.Context, budgets account.LoginTry, check func() error) error {
	try, wait, err := c.tries.TakeLogin(ctx, budgets)
	if err != nil {
		return err
	}
	if wait > 0 {
		return fault.TooMany.Because("Too many tries to sign in. Try later, or from where you signed in before.").After(wait)
	}
	err = check()
	// Whatever becomes of the caller, the count must be right.
	ctx, cancel := edge.AfterCommit(ctx)
	defer cancel()
	switch {
	case errors.Is(err, fault.BadCredentials):
		return err
	case err != nil:
		return errors.Join(err, c.tries.ReturnLogin(ctx, try))
	}
	return c.tries.LoginSucceeded(ctx, try)
}

// checkSecond takes a code of somebody who has proved all else. Its tries are counted
// apart, so that whoever guesses at the password keeps nobody from a reset.
func (c *credentials) checkSecond(ctx context.Context, user account.User, code string) error {
	on, _, err := c.factors.Factor(ctx, user.ID)
	if err != nil || !on {
		return err
	}
	return c.guess(ctx, account.NewFactorTry(c.key, user.ID), func() error { return c.factors.TakeFactor(ctx, user.ID, totp.Try(code)) })
}
