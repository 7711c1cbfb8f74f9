package people

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
)

type leaveInput struct {
	Body struct {
		Current string `json:"current_password" maxLength:"1024" example:"correct horse battery"`
		Code    string `json:"code,omitempty" maxLength:"64" doc:"What the app of your second factor shows, or a recovery code; if you have one."`
	}
}

// leaving deletes accounts.
type leaving struct {
	accounts    Leavers
	missions    Unsettled
	credentials *credentials
	security    edge.SecurityLog
}

func (s *leaving) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "leave", Method: http.MethodDelete, Path: "/v1/users/me", Tag: "Accounts", SignedIn: true, Status: http.StatusNoContent,
		Summary: "Delete your account", Refusals: []*fault.Kind{fault.AccountInUse, fault.BadCredentials, fault.SecondFactorRequired, fault.NotFound},
		Description: "Your address, name, password and sign-ins are deleted at once and for good; the address may sign up anew. " +
			"What you put on missions stays in the books under an id, and others see it as a former user's. " +
			"409 while something is not settled: cash in your wallet or in a pot, a charge, or a mission that you made or are the streamer of. " +
			"A rest that is smaller than the smallest bet can be put on a mission after another charge. " +
			"It takes the password, and a code if you have a second factor; all access tokens end.",
	}, s.leave)
}

func (s *leaving) leave(ctx context.Context, in *leaveInput) (*struct{}, error) {
	err := s.proveAndLeave(ctx, in)
	s.security.Note(ctx, "leave", edge.Caller(ctx), err)
	return nil, err
}

// proveAndLeave asks for the password: a token that was taken must not be enough.
func (s *leaving) proveAndLeave(ctx context.Context, in *leaveInput) error {
	user, err := stillHere(ctx, s.accounts)
	if err != nil {
		return err
	}
	if _, _, err := s.credentials.check(ctx, user.Email, in.Body.Current, s.credentials.second(in.Body.Code)); err != nil {
		return err
	}
	return s.leaveMissions(ctx, user.ID)
}

// leaveMissions marks the leaving before it looks for missions, and a mission is there
// before it is looked for the mark (streamerStays). Both commit first and read then, so
// of a leaving and a mission at the same moment at least one sees the other.
func (s *leaving) leaveMissions(ctx context.Context, user uuid.UUID) error {
	if err := s.accounts.BeginLeaving(ctx, user); err != nil {
		return err
	}
	open, err := s.missions.HasUnsettled(ctx, user)
	if err == nil && open {
		err = fault.AccountInUse.Because("A mission that you made or are the streamer of is not settled.")
	}
	if err == nil {
		err = s.accounts.Leave(ctx, user)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := edge.AfterCommit(ctx)
	defer cancel()
	return errors.Join(err, s.accounts.CancelLeaving(ctx, user))
}
