package people

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

type signUpInput struct {
	Body struct {
		Email       string         `json:"email" maxLength:"320" doc:"Kept trimmed and in lower case." example:"mina@example.com"`
		Password    string         `json:"password" minLength:"15" maxLength:"128" doc:"15 to 128 characters of any kind; none of the common ones, nor your own name or address." example:"correct horse battery"`
		DisplayName string         `json:"display_name" minLength:"1" maxLength:"40" example:"Mina"`
		Streamer    bool           `json:"streamer,omitempty" doc:"True to be given missions. You can change it later."`
		Locale      account.Locale `json:"locale,omitempty" enum:"ko,en" default:"ko" doc:"The language of e-mails."`
	}
}

type createdSelfAnswer struct {
	Location string `header:"Location"`
	Body     Self
}

// signUps makes accounts.
type signUps struct {
	accounts SignUps
	hashes   Passwords
	limit    *edge.Quota
	security edge.SecurityLog
}

func (s *signUps) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "sign-up", Method: http.MethodPost, Path: "/v1/users", Tag: "Accounts", Status: http.StatusCreated,
		Limit: s.limit, Summary: "Sign up", Refusals: []*fault.Kind{fault.EmailTaken},
		Description: "Makes an account with an empty wallet. Sign in with it next.",
	}, s.signUp)
}

func (s *signUps) signUp(ctx context.Context, in *signUpInput) (*createdSelfAnswer, error) {
	b := in.Body
	asked, err := account.SignUp{
		Email: b.Email, Password: b.Password, DisplayName: b.DisplayName, Streamer: b.Streamer, Locale: b.Locale,
	}.Normalised()
	if err != nil {
		return nil, err
	}
	hash, err := s.hashes.Hash(ctx, asked.Password)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	user, err := s.accounts.SignUp(ctx, account.User{
		ID: id, Email: asked.Email, DisplayName: asked.DisplayName, Streamer: asked.Streamer, Locale: asked.Locale,
		Terms: account.DefaultTerms(),
	}, hash)
	s.security.Note(ctx, "sign_up", user.ID, err)
	if err != nil {
		return nil, err
	}
	return &createdSelfAnswer{Location: "/v1/users/" + id.String(), Body: showSelf(user, ledger.Cash{})}, nil
}
