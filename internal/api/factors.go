package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/factor"
	"example.com/missionpot/internal/fault"
)

// issuer is the name an app shows beside the codes.
const issuer = "Missionpot"

type passwordOnlyInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
	}
}

type confirmFactorInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		Code    string `json:"code" maxLength:"64" doc:"What the app shows." example:"287082"`
	}
}

type removeFactorInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		Code    string `json:"code,omitempty" maxLength:"64" doc:"What the app shows, or a recovery code." example:"287082"`
	}
}

// FactorSecret is what an app makes codes of. It is shown once.
type FactorSecret struct {
	Secret string `json:"secret" doc:"To type into an app, base32." example:"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"`
	URI    string `json:"uri" doc:"The same for a picture (QR code) that an app reads."`
}

// RecoveryCodes let somebody in who has lost the app. They are shown once.
type RecoveryCodes struct {
	Codes []account.Code `json:"recovery_codes" nullable:"false" doc:"Each works once, in place of a code of the app. Keep them on paper."`
}

// FactorState is whether a second factor is asked for.
type FactorState struct {
	On            bool `json:"on"`
	RecoveryCodes int  `json:"recovery_codes_left" example:"10"`
}

type factorSecretAnswer struct{ Body FactorSecret }

type recoveryCodesAnswer struct{ Body RecoveryCodes }

type factorStateAnswer struct{ Body FactorState }

func (s *server) serveFactors() {
	serve(s, operation{
		id: "second-factor", method: http.MethodGet, path: "/v1/users/me/second-factor", tag: "Accounts", signedIn: true,
		summary: "Whether you have a second factor", description: "Also how many recovery codes are left.",
	}, s.factorState)
	serve(s, operation{
		id: "begin-second-factor", method: http.MethodPost, path: "/v1/users/me/second-factor", tag: "Accounts", signedIn: true,
		status: http.StatusCreated, summary: "Begin a second factor",
		description: "Gives the secret for an app that makes codes of six digits (TOTP, RFC 6238). It is not asked for until a code has come back by `PUT`. " +
			"Beginning again replaces what was begun.",
		refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorOn, fault.NotFound},
	}, s.beginFactor)
	serve(s, operation{
		id: "confirm-second-factor", method: http.MethodPut, path: "/v1/users/me/second-factor", tag: "Accounts", signedIn: true,
		summary: "Turn the second factor on",
		description: "From now on a code is asked for with every sign-in, and where a password is changed or replaced. " +
			"The answer holds the recovery codes, once. It must be confirmed within 15 minutes.",
		refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorOn, fault.NotFound},
	}, s.confirmFactor)
	serve(s, operation{
		id: "remove-second-factor", method: http.MethodPost, path: "/v1/users/me/second-factor/remove", tag: "Accounts", signedIn: true,
		status: http.StatusNoContent, summary: "Turn the second factor off",
		description: "The recovery codes go with it. Saying it twice is fine.",
		refusals:    []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
	}, s.removeFactor)
}

func (s *server) factorState(ctx context.Context, _ *struct{}) (*factorStateAnswer, error) {
	on, left, err := s.Factors.Factor(ctx, caller(ctx))
	return &factorStateAnswer{Body: FactorState{On: on, RecoveryCodes: left}}, err
}

// beginFactor asks for the password: with a token alone nobody may lock the owner out.
func (s *server) beginFactor(ctx context.Context, in *passwordOnlyInput) (*factorSecretAnswer, error) {
	user, err := s.stillHere(ctx)
	if err != nil {
		return nil, err
	}
	on, _, err := s.Factors.Factor(ctx, user.ID)
	if err == nil && on {
		err = fault.SecondFactorOn.Because("")
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := s.checkPassword(ctx, user.Email, in.Body.Current, s.takesFactor("")); err != nil {
		return nil, err
	}
	secret := factor.NewSecret()
	if err := s.Factors.BeginFactor(ctx, user.ID, secret); err != nil {
		return nil, err
	}
	return &factorSecretAnswer{Body: FactorSecret{Secret: secret.Text(), URI: secret.URI(issuer, user.Email)}}, nil
}

// confirmFactor asks for the password again: whoever began it may not be whoever has
// the token now. A wrong code is a wrong guess.
func (s *server) confirmFactor(ctx context.Context, in *confirmFactorInput) (*recoveryCodesAnswer, error) {
	codes := factor.NewRecoveryCodes()
	hashes := make([][]byte, len(codes))
	for i, code := range codes {
		hashes[i] = code.Hash()
	}
	user, err := s.stillHere(ctx)
	if err == nil {
		_, _, err = s.checkPassword(ctx, user.Email, in.Body.Current, func(ctx context.Context, user uuid.UUID) error {
			return s.Factors.ConfirmFactor(ctx, user, factor.Try(in.Body.Code), hashes)
		})
	}
	s.audit(ctx, "turn_second_factor_on", caller(ctx), err)
	if err != nil {
		return nil, err
	}
	return &recoveryCodesAnswer{Body: RecoveryCodes{Codes: codes}}, nil
}

func (s *server) removeFactor(ctx context.Context, in *removeFactorInput) (*struct{}, error) {
	err := s.proveAndRemove(ctx, in.Body.Current, in.Body.Code)
	s.audit(ctx, "turn_second_factor_off", caller(ctx), err)
	return nil, err
}

func (s *server) proveAndRemove(ctx context.Context, password, code string) error {
	user, err := s.stillHere(ctx)
	if err != nil {
		return err
	}
	if _, _, err := s.checkPassword(ctx, user.Email, password, s.takesFactor(code)); err != nil {
		return err
	}
	return s.Factors.RemoveFactor(ctx, user.ID)
}

// checkFactor takes a code of somebody who has proved all else. Its tries are counted
// apart, so that whoever guesses at the password keeps nobody from a reset.
func (s *server) checkFactor(ctx context.Context, user account.User, code string) error {
	on, _, err := s.Factors.Factor(ctx, user.ID)
	if err != nil || !on {
		return err
	}
	return s.guess(ctx, account.NewFactorTry(s.LoginKey, user.ID), func() error { return s.Factors.TakeFactor(ctx, user.ID, factor.Try(code)) })
}
