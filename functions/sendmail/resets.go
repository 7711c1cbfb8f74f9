package sendmail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/mailtext"
)

// maxResets is how many codes one message may send. They are sent one by one,
// at about 100 ms each.
const maxResets = 100

// Resets is the part of the users instance that the step uses to mail the codes
// for resetting a password.
type Resets interface {
	// ClaimReset leases one mail that is due and makes its code valid, by its
	// hash. It returns nil if none is due.
	ClaimReset(ctx context.Context, hash []byte, valid, lease time.Duration) (*mailtext.Reset, error)
	// ResetSent marks the mail as sent.
	ResetSent(ctx context.Context, hash []byte) error
	// ResetFailed gives the mail back, due again after a while.
	ResetFailed(ctx context.Context, hash []byte, retryIn time.Duration) error
}

// sendResets mails codes until none is due or the bound is reached. The first
// failure ends it, unless the mail was refused because of its contents.
func (s *Step) sendResets(ctx context.Context) error {
	for range maxResets {
		more, err := s.sendReset(ctx)
		if err != nil || !more || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// sendReset mails one code and reports whether to go on. A code is only in the
// mail and, as a hash, in the ledger's database. A mail that is sent again has
// a new code.
func (s *Step) sendReset(ctx context.Context) (more bool, err error) {
	code := account.NewCode()
	due, err := s.ledger.ClaimReset(ctx, code.Hash(), account.ResetTime, lease)
	if err != nil || due == nil {
		return false, err
	}
	due.Code = string(code)
	err = s.sender.Send(ctx, mailtext.WriteReset(*due))
	s.metrics.attempted(ctx, err)
	// The mail was sent or refused: that is recorded even when the time is up.
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	if err == nil {
		return true, s.ledger.ResetSent(mark, code.Hash())
	}
	wait := retryIn(due.Attempt, err)
	slog.WarnContext(ctx, "code not sent", "error", err, "user_id", due.UserID, "attempt", due.Attempt, "retry_seconds", wait.Seconds())
	return errors.Is(err, mailtext.ErrRefused), s.ledger.ResetFailed(mark, code.Hash(), wait)
}
