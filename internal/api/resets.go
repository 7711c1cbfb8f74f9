package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/token"
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

func (s *server) serveResets() {
	serve(s, operation{
		id: "forgot-password", method: http.MethodPost, path: "/v1/password-resets", tag: "Sessions", status: http.StatusAccepted,
		summary: "Say that you have forgotten your password",
		description: "Mails a code to the address within two minutes, if somebody has it. It is good for an hour, and until the next one. " +
			"The answer is the same for an address without an account, and takes as long.",
	}, s.askReset)
	serve(s, operation{
		id: "reset-password", method: http.MethodPost, path: "/v1/password-resets/redeem", tag: "Sessions",
		summary: "Choose a new password with the code", refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired},
		description: "Ends every sign-in of yours and answers with the tokens of a new one. A code works once.",
	}, s.resetPassword)
}

func (s *server) askReset(ctx context.Context, in *askResetInput) (*struct{}, error) {
	email, err := account.NormalEmail("body.email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	user, wait, err := s.Resets.AskReset(ctx, account.NewResetTry(s.LoginKey, email, addressOf(ctx)), email)
	if err == nil && wait > 0 {
		err = fault.TooMany.Because("Too many codes were asked for. Use the newest one that came, or try later.").After(wait)
	}
	s.audit(ctx, "ask_reset", user, err)
	return nil, err
}

func (s *server) resetPassword(ctx context.Context, in *resetInput) (*tokenAnswer, error) {
	user, answer, err := s.redeem(ctx, account.Code(in.Body.Code).Hash(), in.Body.New, in.Body.Factor)
	s.audit(ctx, "reset_password", user, err)
	return answer, err
}

// redeem also tells whose the code is, whatever the error. The code is looked up before
// the work of a hash is done, and once more when it is used. The mail alone does not get
// around a second factor, and guessing at that is counted.
func (s *server) redeem(ctx context.Context, code []byte, next, second string) (uuid.UUID, *tokenAnswer, error) {
	user, err := s.Resets.UserByReset(ctx, code)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if err := account.CheckPassword("body.new_password", next, user.Email, user.DisplayName); err != nil {
		return user.ID, nil, err
	}
	if err := s.checkFactor(ctx, user, second); err != nil {
		return user.ID, nil, err
	}
	to, err := s.Passwords.Hash(ctx, account.NormalPassword(next))
	if err != nil {
		return user.ID, nil, err
	}
	refresh := token.NewRefresh()
	in, err := s.Resets.ResetPassword(ctx, code, to, refresh.Hash(), token.RefreshTime)
	if err != nil {
		return user.ID, nil, err
	}
	answer, err := s.pair(in, refresh)
	return user.ID, answer, err
}
