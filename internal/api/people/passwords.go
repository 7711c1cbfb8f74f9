package people

import (
	"context"
	"net/http"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

type passwordInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		New     string `json:"new_password" minLength:"15" maxLength:"128" doc:"15 to 128 characters of any kind; none of the common ones, nor your own name or address." example:"staple wagon of the north"`
		Code    string `json:"code,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
	}
}

// passwords changes the passwords of people who know theirs.
type passwords struct {
	accounts    PasswordChanges
	hashes      Passwords
	credentials *credentials
	signer      signer
	security    edge.SecurityLog
}

func (s *passwords) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "change-password", Method: http.MethodPut, Path: "/v1/users/me/password", Tag: "Accounts", SignedIn: true,
		Summary: "Change your password", Refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
		Description: "Ends every sign-in of yours, with its access tokens, and answers with the tokens of a new one. " +
			"Wrong guesses at the current password are counted with those of `POST /v1/login`.",
	}, s.changePassword)
}

// changePassword asks for the password once more: a token that was taken must not be
// enough to take the account.
func (s *passwords) changePassword(ctx context.Context, in *passwordInput) (*tokenAnswer, error) {
	answer, err := s.replacePassword(ctx, in.Body.Current, in.Body.New, in.Body.Code)
	s.security.Note(ctx, "change_password", edge.Caller(ctx), err)
	return answer, err
}

func (s *passwords) replacePassword(ctx context.Context, current, next, code string) (*tokenAnswer, error) {
	user, err := stillHere(ctx, s.accounts)
	if err != nil {
		return nil, err
	}
	if err := account.CheckPassword("body.new_password", next, user.Email, user.DisplayName); err != nil {
		return nil, err
	}
	_, from, err := s.credentials.check(ctx, user.Email, current, s.credentials.second(code))
	if err != nil {
		return nil, err
	}
	to, err := s.hashes.Hash(ctx, account.NormalPassword(next))
	if err != nil {
		return nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.accounts.ChangePassword(ctx, user.ID, from, to, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return nil, err
	}
	return s.signer.pair(in, refresh)
}
