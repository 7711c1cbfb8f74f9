package sendmail

import (
	"context"
	"fmt"
	"time"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/mailtext"
	"example.com/missionpot/internal/flow/batch"
)

// How much work one message may start. The rest waits for the next message,
// because Pub/Sub limits how long one may take.
const (
	claimSize = 100              // mails leased at once
	maxClaims = 50               // leases in one message
	drainTime = 40 * time.Second // less than the handler time-out of a tick (50 s)
	markTime  = 15 * time.Second // to record the outcome of a mail
	// lease is longer than the longest time from claiming a mail to marking it,
	// drainTime + markTime. Otherwise two instances could send it.
	lease = 2 * time.Minute
	// parallel bounds the connections of one instance to SendGrid. At 100 ms a
	// call it sends 80 mails a second.
	parallel = 8
)

// Ledger is the part of the users instance that the step uses.
type Ledger interface {
	// ClaimMails leases mails that are due. Those of one reader are next to
	// each other, and are not leased to another caller at the same time.
	ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]mailtext.Result, error)
	// MailsSent marks mails as sent and starts their readers' pause.
	MailsSent(ctx context.Context, sent []mailtext.Result, pause time.Duration) error
	// MailsFailed gives mails of one reader back, due again after a while.
	MailsFailed(ctx context.Context, failed []mailtext.Result, retryIn time.Duration) error
	Resets
}

// Sender passes mails to the mail service. The error wraps mailtext.ErrRefused
// if the same mail would be refused again.
type Sender interface {
	Send(ctx context.Context, l mailtext.Mail) error
}

// Step sends mails. Make one with New; it is safe for concurrent use.
type Step struct {
	ledger Ledger
	sender Sender
	marks  *batch.Batcher[[]mailtext.Result, struct{}]

	options Options
	metrics metrics
}

// Options of a step.
type Options struct {
	// Pause is how long after a mail with results the same reader gets no further results.
	Pause time.Duration
	// Now is the clock that decides which ticks are old. It is the ledger's,
	// because that of an instance may be minutes off.
	Now func(context.Context) (time.Time, error)
}

// New makes the step.
func New(l Ledger, sender Sender, options Options) *Step {
	s := &Step{ledger: l, sender: sender, options: options, metrics: newMetrics()}
	s.marks = batch.New(s.mark, batch.Options{Max: claimSize, Timeout: markTime})
	return s
}

// Handle sends the mails that are due. A mail that could not be sent is not an
// error: it is due again later. An error means that the ledger could not be
// read or written.
func (s *Step) Handle(ctx context.Context, e event.Event) error {
	switch e := e.(type) {
	case event.MissionSettled:
		return s.drain(ctx)
	case event.Tick:
		now, err := s.options.Now(ctx)
		if err != nil || e.Old(now) {
			return err
		}
		return s.drain(ctx)
	}
	return fmt.Errorf("%w: sendmail does not handle %s", event.ErrMalformed, e.Type())
}

// drain sends what is due: first the codes, because a user is waiting for each,
// then results, one lease after the other. It stops when nothing is due, when
// the bounds are reached, or when all mails of a lease failed. In that case the
// mail service has a problem, and further calls would only add to it.
func (s *Step) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := s.sendResets(ctx); err != nil {
		return err
	}
	for range maxClaims {
		if ctx.Err() != nil {
			return nil
		}
		due, err := s.ledger.ClaimMails(ctx, claimSize, lease)
		if err != nil {
			return err
		}
		sent, err := s.sendAll(ctx, due)
		if err != nil {
			return err
		}
		if sent == 0 {
			return nil
		}
	}
	return nil
}
