package edge

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
)

// SecurityLog is the part of the log that is about accounts.
type SecurityLog struct{ log *slog.Logger }

// NewSecurityLog writes to a log.
func NewSecurityLog(log *slog.Logger) SecurityLog { return SecurityLog{log} }

// Note writes down what somebody asks for after a break-in: what was tried at whose
// account, and what came of it, "done" or the code of the refusal. It has the account's
// id, which is uuid.Nil where nobody has the address, and neither address nor token.
// The trace leads to the call.
func (l SecurityLog) Note(ctx context.Context, action string, user uuid.UUID, err error) {
	outcome := "done"
	if err != nil {
		outcome = fault.From(err).Kind.Code
	}
	l.log.InfoContext(ctx, "security", "action", action, "user", user, "outcome", outcome)
}
