package sendmail

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/core/mailtext"
)

type metrics struct {
	mails metric.Int64Counter
}

// newMetrics makes the instruments. The only error is of a malformed name, and
// this one is a constant; an instrument that comes with an error works as none.
func newMetrics() metrics {
	var m metrics
	m.mails, _ = otel.Meter("example.com/missionpot/functions/sendmail").Int64Counter(
		"missionpot.mails", metric.WithUnit("{mail}"), metric.WithDescription("Attempts to send a mail, by result"))
	// A counter that begins at its first event hides it from rate(), which needs
	// something to rise from.
	for _, outcome := range []string{sent, refused, failed} {
		m.mails.Add(context.Background(), 0, metric.WithAttributes(outcomeKey.String(outcome)))
	}
	return m
}

const outcomeKey = attribute.Key("missionpot.mail.outcome")

// The results of an attempt.
const (
	sent    = "sent"
	refused = "refused" // because of the mail's contents; it would be refused again
	failed  = "failed"  // for a passing reason
)

// attempted counts one call of the mail service.
func (m metrics) attempted(ctx context.Context, err error) {
	outcome := sent
	switch {
	case errors.Is(err, mailtext.ErrRefused):
		outcome = refused
	case err != nil:
		outcome = failed
	}
	m.mails.Add(ctx, 1, metric.WithAttributes(outcomeKey.String(outcome)))
}
