package people

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
)

type askResetInput struct {
	Body struct {
		Email string `json:"email" maxLength:"320" example:"mina@example.com"`
	}
}

type resetInput struct {
	Body struct {
		Code   string `json:"code" maxLength:"64" doc:"From the mail." example:"MZXW6YTBOI2DCNRXMJSWQ3DQNB"`
		New    string `json:"new_password" minLength:"15" maxLength:"128" doc:"15 to 128 characters of any kind; none of the common ones, nor your own name or address." example:"staple wagon of the north"`
		Factor string `json:"second_factor,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
	}
}

// resets replaces the passwords of people who have forgotten theirs.
type resets struct {
	store       Resets
	hashes      Passwords
	credentials *credentials
	signer      signer
	security    edge.SecurityLog
}

func (s *resets) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "forgot-password", Method: http.MethodPost, Path: "/v1/password-resets", Tag: "Sessions", Status: http.StatusAccepted,
		Summary: "Say that you have forgotten your password",
		Description: "Mails a code to the address within two minutes, if somebody has it. It is good for an hour, and until the next one. " +
			"The answer is the same for an address without an account, and takes as long.",
	}, s.askReset)
	edge.Serve(e, edge.Operation{
		ID: "reset-password", Method: http.MethodPost, Path: "/v1/password-resets/redeem", Tag: "Sessions",
		Summary: "Choose a new password with the code", Refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired},
		Description: "Ends every sign-in of yours and answers with the tokens of a new one. A code works once.",
	}, s.resetPassword)
}

func (s *resets) askReset(ctx context.Context, in *askResetInput) (*struct{}, error) {
	email, err := account.NormalEmail("body.email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	user, wait, err := s.store.AskReset(ctx, account.NewResetTry(s.credentials.key, email, edge.Address(ctx)), email)
	if err == nil && wait > 0 {
		err = fault.TooMany.Because("Too many codes were asked for. Use the newest one that came, or try later.").After(wait)
	}
	s.security.Note(ctx, "ask_reset", user, err)
	return nil, err
}

func (s *resets) resetPassword(ctx context.Context, in *resetInput) (*tokenAnswer, error) {
	user, answer, err := s.redeem(ctx, account.Code(in.Body.Code).Hash(), in.Body.New, in.Body.Factor)
	s.security.Note(ctx, "reset_password", user, err)
	return answer, err
}

// redeem also returns whose the code is, whatever the error. The code is looked up before
// the work of a hash is done, and once more when it is used. The mail alone does not get
// around a second factor, and guessing at that is counted.
func (s *resets) redeem(ctx context.Context, code []byte, next, second string) (uuid.UUID, *tokenAnswer, error) {
	user, err := s.store.UserByReset(ctx, code)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if err := account.CheckPassword("body.new_password", next, user.Email, user.DisplayName); err != nil {
		return user.ID, nil, err
	}
	if err := s.credentials.checkSecond(ctx, user, second); err != nil {
		return user.ID, nil, err
	}
	to, err := s.hashes.Hash(ctx, account.NormalPassword(next))
	if err != nil {
		return user.ID, nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.store.ResetPassword(ctx, code, to, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return user.ID, nil, err
	}
	answer, err := s.signer.pair(in, refresh)
	return user.ID, answer, err
}
