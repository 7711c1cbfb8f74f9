package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/token"
)

type loginInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"320" example:"mina@example.com"`
		Password string `json:"password" maxLength:"1024" example:"correct horse battery"`
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
			"Wrong passwords are limited by account and by where they come from; a limit passes by itself, and never keeps you from signing in where you did before.",
		refusals: []*fault.Kind{fault.BadCredentials},
	}, s.login)
	serve(s, operation{
		id: "refresh", method: http.MethodPost, path: "/v1/token", tag: "Sessions",
		summary:     "Get the next pair of tokens",
		description: "Each refresh token works once. One that comes a second time was copied by somebody: the whole sign-in ends, and both holders must sign in again.",
		refusals:    []*fault.Kind{fault.Unauthenticated, fault.TokenReused},
	}, s.refresh)
	serve(s, operation{
		id: "logout", method: http.MethodPost, path: "/v1/logout", tag: "Sessions", status: http.StatusNoContent,
		summary:     "Sign out",
		description: "Ends the sign-in the refresh token belongs to. The access token stays good until it expires. Saying it twice is fine.",
	}, s.logout)
	serve(s, operation{
		id: "logout-everywhere", method: http.MethodDelete, path: "/v1/users/me/sessions", tag: "Sessions", status: http.StatusNoContent,
		signedIn: true, summary: "Sign out everywhere",
		description: "Ends every sign-in of yours, this one included: no refresh token works any more. " +
			"Access tokens that are out already stay good until they expire, 15 minutes at most. Saying it twice is fine.",
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
	user, err := s.checkPassword(ctx, email, account.NormalPassword(in.Body.Password))
	if err != nil {
		return nil, err
	}
	refresh := token.NewRefresh()
	if err := s.Sessions.StartSession(ctx, user, refresh.Hash(), token.RefreshTime); err != nil {
		return nil, err
	}
	return s.pair(ctx, user, refresh)
}

// checkPassword returns whose the address and the password are. The try is paid
// for before the password is looked at, or many at once would all pass; what was
// no wrong guess is given back. An address that nobody has takes the same steps.
func (s *server) checkPassword(ctx context.Context, email, password string) (uuid.UUID, error) {
	try, wait, err := s.Logins.TakeLogin(ctx, account.NewLoginTry(s.LoginKey, email, addressOf(ctx)))
	if err != nil {
		return uuid.Nil, err
	}
	if wait > 0 {
		return uuid.Nil, fault.TooMany.Because("Too many tries to sign in. Try later, or from where you signed in before.").After(wait)
	}
	user, good, err := s.verify(ctx, email, password)
	// Whatever becomes of the caller, the count must be right.
	ctx, cancel := afterCommit(ctx)
	defer cancel()
	switch {
	case err != nil:
		return uuid.Nil, errors.Join(err, s.Logins.ReturnLogin(ctx, try))
	case !good:
		return uuid.Nil, fault.BadCredentials.Because("")
	}
	return user, s.Logins.LoginSucceeded(ctx, try)
}

func (s *server) verify(ctx context.Context, email, password string) (uuid.UUID, bool, error) {
	user, hash, err := s.Accounts.Credentials(ctx, email)
	if err != nil {
		return uuid.Nil, false, err
	}
	good, err := s.Passwords.Verify(ctx, password, hash)
	return user, good, err
}

func (s *server) refresh(ctx context.Context, in *refreshInput) (*tokenAnswer, error) {
	next := token.NewRefresh()
	user, err := s.Sessions.RotateSession(ctx, token.Refresh(in.Body.RefreshToken).Hash(), next.Hash(), token.RefreshTime)
	if err != nil {
		return nil, err
	}
	return s.pair(ctx, user, next)
}

func (s *server) pair(ctx context.Context, user uuid.UUID, refresh token.Refresh) (*tokenAnswer, error) {
	var roles []account.Role
	operator, err := s.Operators.IsOperator(ctx, user)
	if err != nil {
		return nil, err
	}
	if operator {
		roles = append(roles, account.Operator)
	}
	access, err := s.Tokens.Sign(user, roles...)
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
	return nil, s.Sessions.EndSessions(ctx, caller(ctx))
}

// jwks may be kept for five minutes: a new key is published long before it
// signs.
func (s *server) jwks(context.Context, *struct{}) (*keySetAnswer, error) {
	out := &keySetAnswer{CacheControl: "public, max-age=300"}
	return out, json.Unmarshal(s.Tokens.JWKS(), &out.Body)
}
