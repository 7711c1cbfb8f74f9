package people

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
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

// sessions are sign-ins.
type sessions struct {
	store       Sessions
	credentials *credentials
	signer      signer
	security    edge.SecurityLog
}

func (s *sessions) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "login", Method: http.MethodPost, Path: "/v1/login", Tag: "Sessions",
		Summary: "Sign in",
		Description: "Gives an access token of 15 minutes and a refresh token. The answer takes as long for an address without an account. " +
			"Wrong passwords are limited: ten at once for one account from one address, then one in ten minutes, and fewer from all addresses together. " +
			"A limit passes by itself. Others' guesses never count against an address that you have signed in from within 30 days. " +
			"`second_factor_required` says that the password was right: ask for a code, and send all three.",
		Refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired},
	}, s.login)
	edge.Serve(e, edge.Operation{
		ID: "refresh", Method: http.MethodPost, Path: "/v1/token", Tag: "Sessions",
		Summary: "Get the next pair of tokens",
		Description: "Each refresh token works once, within 30 days. If the answer gets lost, repeat the call: for 30 seconds, and as long as the new token is unused, " +
			"a used token gets the same new one again. One that comes later was copied by somebody: the whole sign-in ends, and both holders must sign in again. " +
			"A sign-in lasts 90 days at most.",
		Refusals: []*fault.Kind{fault.Unauthenticated, fault.TokenReused},
	}, s.refresh)
	edge.Serve(e, edge.Operation{
		ID: "logout", Method: http.MethodPost, Path: "/v1/logout", Tag: "Sessions", Status: http.StatusNoContent,
		Summary:     "Sign out",
		Description: "Ends the sign-in the refresh token belongs to. The access token stays good until it expires. Saying it twice is fine.",
	}, s.logout)
	edge.Serve(e, edge.Operation{
		ID: "logout-everywhere", Method: http.MethodDelete, Path: "/v1/users/me/sessions", Tag: "Sessions", Status: http.StatusNoContent,
		SignedIn: true, Summary: "Sign out everywhere",
		Description: "Ends every sign-in of yours, this one included: no refresh token and no access token works any more. " +
			"A second factor that was begun and a mailed code for a new password are dropped.",
	}, s.logoutEverywhere)
	edge.Serve(e, edge.Operation{
		ID: "jwks", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tag: "Sessions",
		Summary:     "The public keys of access tokens",
		Description: "A JWK set (RFC 7517). Keys come and go: look again when a token names a key you do not know.",
	}, s.jwks)
}

func (s *sessions) login(ctx context.Context, in *loginInput) (*tokenAnswer, error) {
	email, err := account.NormalEmail("body.email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	user, answer, err := s.signIn(ctx, email, in.Body.Password, in.Body.Code)
	s.security.Note(ctx, "sign_in", user, err)
	return answer, err
}

// signIn also returns whose account was guessed at, whatever the error.
func (s *sessions) signIn(ctx context.Context, email, password, code string) (uuid.UUID, *tokenAnswer, error) {
	user, hash, err := s.credentials.check(ctx, email, password, s.credentials.second(code))
	if err != nil {
		return user, nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.store.StartSession(ctx, user, hash, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return user, nil, err
	}
	answer, err := s.signer.pair(in, refresh)
	return user, answer, err
}

func (s *sessions) refresh(ctx context.Context, in *refreshInput) (*tokenAnswer, error) {
	from, next := token.Refresh(in.Body.RefreshToken), token.NewRefresh()
	rotation := account.Rotation{Next: next.Hash(), Sealed: from.Seal(next), Unused: token.RefreshTime}
	who, sealed, err := s.store.RotateSession(ctx, from.Hash(), rotation, token.RepeatTime, token.SignInTime)
	if err != nil {
		s.security.Note(ctx, "refresh", who.User, err)
		return nil, err
	}
	if sealed != nil {
		if next, err = from.Open(sealed); err != nil {
			return nil, err
		}
	}
	return s.signer.pair(who, next)
}

func (s *sessions) logout(ctx context.Context, in *refreshInput) (*struct{}, error) {
	return nil, s.store.EndSession(ctx, token.Refresh(in.Body.RefreshToken).Hash())
}

func (s *sessions) logoutEverywhere(ctx context.Context, _ *struct{}) (*struct{}, error) {
	err := s.store.EndSessions(ctx, edge.Caller(ctx))
	s.security.Note(ctx, "sign_out_everywhere", edge.Caller(ctx), err)
	return nil, err
}

// jwks may be kept for five minutes: a new key is published long before it
// signs.
func (s *sessions) jwks(context.Context, *struct{}) (*keySetAnswer, error) {
	out := &keySetAnswer{CacheControl: "public, max-age=300"}
	return out, json.Unmarshal(s.signer.tokens.JWKS(), &out.Body)
}
