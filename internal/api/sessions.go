package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/factor"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/token"
)

type loginInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"320" example:"mina@example.com"`
		Password string `json:"password" maxLength:"1024" example:"correct horse battery"`
		Code     string `json:"code,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
	}
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"256"`
	}
}

// TokenPair is what a sign-in gives.
type TokenPair struct {
	AccessToken  string `json:"access_token" doc:"Send it as Authorization: Bearer. A JWT; treat it as opaque."`
	TokenType    string `json:"token_type" example:"Bearer"`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds the access token is good for." example:"900"`
	RefreshToken string `json:"refresh_token" doc:"Good once, for the next pair. Keep it secret."`
}

type tokenAnswer struct{ Body TokenPair }

// KeySet is a JWK set, RFC 7517.
type KeySet struct {
	Keys []map[string]any `json:"keys" nullable:"false"`
}

type keySetAnswer struct {
	CacheControl string `header:"Cache-Control"`
	Body         KeySet
}

func (s *server) serveSessions() {
	serve(s, operation{
		id: "login", method: http.MethodPost, path: "/v1/login", tag: "Sessions",
		summary: "Sign in",
		description: "Gives an access token of 15 minutes and a refresh token. The answer takes as long for an address without an account. " +
			"Wrong passwords are limited: ten at once for one account from one address, then one in ten minutes, and fewer from all addresses together. " +
			"A limit passes by itself. Others' guesses never count against an address that you have signed in from within 30 days. " +
			"`second_factor_required` says that the password was right: ask for a code, and send all three.",
		refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired},
	}, s.login)
	serve(s, operation{
		id: "refresh", method: http.MethodPost, path: "/v1/token", tag: "Sessions",
		summary: "Get the next pair of tokens",
		description: "Each refresh token works once, within 30 days. If the answer gets lost, repeat the call: for 30 seconds, and as long as the new token is unused, " +
			"a used token gets the same new one again. One that comes later was copied by somebody: the whole sign-in ends, and both holders must sign in again. " +
			"A sign-in lasts 90 days at most.",
		refusals: []*fault.Kind{fault.Unauthenticated, fault.TokenReused},
	}, s.refresh)
	serve(s, operation{
		id: "logout", method: http.MethodPost, path: "/v1/logout", tag: "Sessions", status: http.StatusNoContent,
		summary:     "Sign out",
		description: "Ends the sign-in the refresh token belongs to. The access token stays good until it expires. Saying it twice is fine.",
	}, s.logout)
	serve(s, operation{
		id: "logout-everywhere", method: http.MethodDelete, path: "/v1/users/me/sessions", tag: "Sessions", status: http.StatusNoContent,
		signedIn: true, summary: "Sign out everywhere",
		description: "Ends every sign-in of yours, this one included: no refresh token and no access token works any more. " +
			"A second factor that was begun and a mailed code for a new password are dropped.",
	}, s.logoutEverywhere)
	serve(s, operation{
		id: "jwks", method: http.MethodGet, path: "/.well-known/jwks.json", tag: "Sessions",
		summary:     "The public keys of access tokens",
		description: "A JWK set (RFC 7517). Keys come and go: look again when a token names a key you do not know.",
	}, s.jwks)
}

func (s *server) login(ctx context.Context, in *loginInput) (*tokenAnswer, error) {
	email, err := account.NormalEmail("body.email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	user, answer, err := s.signIn(ctx, email, in.Body.Password, in.Body.Code)
	s.audit(ctx, "sign_in", user, err)
	return answer, err
}

// signIn also returns whose account was guessed at, whatever the error.
func (s *server) signIn(ctx context.Context, email, password, code string) (uuid.UUID, *tokenAnswer, error) {
	user, hash, err := s.checkPassword(ctx, email, password, s.takesFactor(code))
	if err != nil {
		return user, nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.Sessions.StartSession(ctx, user, hash, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return user, nil, err
	}
	answer, err := s.pair(in, refresh)
	return user, answer, err
}

// second is what is asked for beside the password, within the same guess.
type second func(ctx context.Context, user uuid.UUID) error

// takesFactor takes a code of the second factor, if the user has one.
func (s *server) takesFactor(code string) second {
	return func(ctx context.Context, user uuid.UUID) error {
		return s.Factors.TakeFactor(ctx, user, factor.Try(code))
	}
}

// checkPassword returns whose the address is and the hash that the password fits, and
// asks for what comes second. An address that nobody has takes the same steps as a
// wrong password.
func (s *server) checkPassword(ctx context.Context, email, password string, then second) (user uuid.UUID, hash string, err error) {
	err = s.guess(ctx, account.NewLoginTry(s.LoginKey, email, addressOf(ctx)), func() error {
		var err error
		if user, hash, err = s.Accounts.Credentials(ctx, email); err != nil {
			return err
		}
		good, err := s.Passwords.Verify(ctx, account.NormalPassword(password), hash)
		if err != nil {
			return err
		}
		if !good {
			return fault.BadCredentials.Because("")
		}
		return then(ctx, user)
	})
	return user, hash, err
}

// guess counts a check of who somebody is. It is paid for before anything is looked at,
// or many at once would all pass; what was no wrong guess is given back.
func (s *server) guess(ctx context.Context, budgets account.LoginTry, check func() error) error {
	try, wait, err := s.Logins.TakeLogin(ctx, budgets)
	if err != nil {
		return err
	}
	if wait > 0 {
		return fault.TooMany.Because("Too many tries to sign in. Try later, or from where you signed in before.").After(wait)
	}
	err = check()
	// Whatever becomes of the caller, the count must be right.
	ctx, cancel := afterCommit(ctx)
	defer cancel()
	switch {
	case errors.Is(err, fault.BadCredentials):
		return err
	case err != nil:
		return errors.Join(err, s.Logins.ReturnLogin(ctx, try))
	}
	return s.Logins.LoginSucceeded(ctx, try)
}

func (s *server) refresh(ctx context.Context, in *refreshInput) (*tokenAnswer, error) {
	from, next := token.Refresh(in.Body.RefreshToken), token.NewRefresh()
	rotation := account.Rotation{Next: next.Hash(), Sealed: from.Seal(next), Unused: token.RefreshTime}
	who, sealed, err := s.Sessions.RotateSession(ctx, from.Hash(), rotation, token.RepeatTime, token.SignInTime)
	if err != nil {
		s.audit(ctx, "refresh", who.User, err)
		return nil, err
	}
	if sealed != nil {
		if next, err = from.Open(sealed); err != nil {
			return nil, err
		}
	}
	return s.pair(who, next)
}

// pair asks nobody: what it needs came with the sign-in, from one transaction. So
// nothing can fail between that and the answer but the signature.
func (s *server) pair(in account.SignIn, refresh token.Refresh) (*tokenAnswer, error) {
	b := token.Bearer{User: in.User, Generation: in.Generation}
	if in.Operator {
		b.Roles = append(b.Roles, account.Operator)
	}
	access, err := s.Tokens.Sign(b)
	if err != nil {
		return nil, err
	}
	return &tokenAnswer{Body: TokenPair{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(token.AccessTime.Seconds()), RefreshToken: string(refresh),
	}}, nil
}

func (s *server) logout(ctx context.Context, in *refreshInput) (*struct{}, error) {
	return nil, s.Sessions.EndSession(ctx, token.Refresh(in.Body.RefreshToken).Hash())
}

func (s *server) logoutEverywhere(ctx context.Context, _ *struct{}) (*struct{}, error) {
	err := s.Sessions.EndSessions(ctx, caller(ctx))
	s.audit(ctx, "sign_out_everywhere", caller(ctx), err)
	return nil, err
}

// jwks may be kept for five minutes: a new key is published long before it
// signs.
func (s *server) jwks(context.Context, *struct{}) (*keySetAnswer, error) {
	out := &keySetAnswer{CacheControl: "public, max-age=300"}
	return out, json.Unmarshal(s.Tokens.JWKS(), &out.Body)
}
