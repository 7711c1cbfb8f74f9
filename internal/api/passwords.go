package api

import (
	"context"
	"net/http"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/token"
)

type passwordInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		New     string `json:"new_password" minLength:"15" maxLength:"128" doc:"15 to 128 characters of any kind; none of the common ones, nor your own name or address." example:"staple wagon of the north"`
		Code    string `json:"code,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
	}
}

func (s *server) servePasswords() {
	serve(s, operation{
		id: "change-password", method: http.MethodPut, path: "/v1/users/me/password", tag: "Accounts", signedIn: true,
		summary: "Change your password", refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
		description: "Ends every sign-in of yours, with its access tokens, and answers with the tokens of a new one. " +
			"Wrong guesses at the current password are counted with those of `POST /v1/login`.",
	}, s.changePassword)
}

// changePassword asks for the password once more: a token that was taken must not be
// enough to take the account.
func (s *server) changePassword(ctx context.Context, in *passwordInput) (*tokenAnswer, error) {
	answer, err := s.replacePassword(ctx, in.Body.Current, in.Body.New, in.Body.Code)
	s.audit(ctx, "change_password", caller(ctx), err)
	return answer, err
}

func (s *server) replacePassword(ctx context.Context, current, next, code string) (*tokenAnswer, error) {
	user, err := s.stillHere(ctx)
	if err != nil {
		return nil, err
	}
	if err := account.CheckPassword("body.new_password", next, user.Email, user.DisplayName); err != nil {
		return nil, err
	}
	_, from, err := s.checkPassword(ctx, user.Email, current, s.takesFactor(code))
	if err != nil {
		return nil, err
	}
	to, err := s.Passwords.Hash(ctx, account.NormalPassword(next))
	if err != nil {
		return nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.Accounts.ChangePassword(ctx, user.ID, from, to, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return nil, err
	}
	return s.pair(in, refresh)
}
