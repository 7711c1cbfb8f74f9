package api

import (
	"context"

	"github.com/google/uuid"

	"example.com/missionpot/internal/fault"
)

// audit writes down what somebody asks for after a break-in: what was tried at whose
// account, and what came of it, "done" or the code of the refusal. It has the account's
// id, which is uuid.Nil where nobody has the address, and neither address nor token.
// The trace leads to the call.
func (s *server) audit(ctx context.Context, action string, user uuid.UUID, err error) {
	outcome := "done"
	if err != nil {
		outcome = fault.From(err).Kind.Code
	}
	s.log.InfoContext(ctx, "security", "action", action, "user", user, "outcome", outcome)
}
