package people

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/totp"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
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

// factors are people's second factors.
type factors struct {
	store       Factors
	users       Users
	credentials *credentials
	security    edge.SecurityLog
}

func (s *factors) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "second-factor", Method: http.MethodGet, Path: "/v1/users/me/second-factor", Tag: "Accounts", SignedIn: true,
		Summary: "Whether you have a second factor", Description: "Also how many recovery codes are left.",
	}, s.factorState)
	edge.Serve(e, edge.Operation{
		ID: "begin-second-factor", Method: http.MethodPost, Path: "/v1/users/me/second-factor", Tag: "Accounts", SignedIn: true,
		Status: http.StatusCreated, Summary: "Begin a second factor",
		Description: "Gives the secret for an app that makes codes of six digits (TOTP, RFC 6238). It is not asked for until a code has come back by `PUT`. " +
			"Beginning again replaces what was begun.",
		Refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorOn, fault.NotFound},
	}, s.beginFactor)
	edge.Serve(e, edge.Operation{
		ID: "confirm-second-factor", Method: http.MethodPut, Path: "/v1/users/me/second-factor", Tag: "Accounts", SignedIn: true,
		Summary: "Turn the second factor on",
		Description: "From now on a code is asked for with every sign-in, and where a password is changed or replaced. " +
			"The answer holds the recovery codes, once. It must be confirmed within 15 minutes.",
		Refusals: []*fault.Kind{fault.BadCredentials, fault.SecondFactorOn, fault.NotFound},
	}, s.confirmFactor)
	edge.Serve(e, edge.Operation{
		ID: "remove-second-factor", Method: http.MethodPost, Path: "/v1/users/me/second-factor/remove", Tag: "Accounts", SignedIn: true,
		Status: http.StatusNoContent, Summary: "Turn the second factor off",
		Description: "The recovery codes go with it. Saying it twice is fine.",
		Refusals:    []*fault.Kind{fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
	}, s.removeFactor)
}

func (s *factors) factorState(ctx context.Context, _ *struct{}) (*factorStateAnswer, error) {
	on, left, err := s.store.Factor(ctx, edge.Caller(ctx))
	return &factorStateAnswer{Body: FactorState{On: on, RecoveryCodes: left}}, err
}

// beginFactor asks for the password: with a token alone nobody may lock the owner out.
func (s *factors) beginFactor(ctx context.Context, in *passwordOnlyInput) (*factorSecretAnswer, error) {
	user, err := stillHere(ctx, s.users)
	if err != nil {
		return nil, err
	}
	on, _, err := s.store.Factor(ctx, user.ID)
	if err == nil && on {
		err = fault.SecondFactorOn
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := s.credentials.check(ctx, user.Email, in.Body.Current, s.credentials.second("")); err != nil {
		return nil, err
	}
	secret := totp.NewSecret()
	if err := s.store.BeginFactor(ctx, user.ID, secret); err != nil {
		return nil, err
	}
	return &factorSecretAnswer{Body: FactorSecret{Secret: secret.Text(), URI: secret.URI(issuer, user.Email)}}, nil
}

// confirmFactor asks for the password again: whoever began it may not be whoever has
// the token now. A wrong code is a wrong guess.
func (s *factors) confirmFactor(ctx context.Context, in *confirmFactorInput) (*recoveryCodesAnswer, error) {
	codes := totp.NewRecoveryCodes()
	hashes := make([][]byte, len(codes))
	for i, code := range codes {
		hashes[i] = code.Hash()
	}
	user, err := stillHere(ctx, s.users)
	if err == nil {
		_, _, err = s.credentials.check(ctx, user.Email, in.Body.Current, func(ctx context.Context, user uuid.UUID) error {
			return s.store.ConfirmFactor(ctx, user, totp.Try(in.Body.Code), hashes)
		})
	}
	s.security.Note(ctx, "turn_second_factor_on", edge.Caller(ctx), err)
	if err != nil {
		return nil, err
	}
	return &recoveryCodesAnswer{Body: RecoveryCodes{Codes: codes}}, nil
}

func (s *factors) removeFactor(ctx context.Context, in *removeFactorInput) (*struct{}, error) {
	err := s.proveAndRemove(ctx, in.Body.Current, in.Body.Code)
	s.security.Note(ctx, "turn_second_factor_off", edge.Caller(ctx), err)
	return nil, err
}

func (s *factors) proveAndRemove(ctx context.Context, password, code string) error {
	user, err := stillHere(ctx, s.users)
	if err != nil {
		return err
	}
	if _, _, err := s.credentials.check(ctx, user.Email, password, s.credentials.second(code)); err != nil {
		return err
	}
	return s.store.RemoveFactor(ctx, user.ID)
}
