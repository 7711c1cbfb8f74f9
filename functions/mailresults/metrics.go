package mailresults

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"example.com/missionpot/internal/letter"
)

type metrics struct {
	mails metric.Int64Counter
}

// newMetrics makes the instruments. The only error is of a malformed name, and
// this one is a constant; an instrument that comes with an error works as none.
func newMetrics() metrics {
	var m metrics
	m.mails, _ = otel.Meter("example.com/missionpot/functions/mailresults").Int64Counter(
		"missionpot.mails", metric.WithUnit("{mail}"), metric.WithDescription("Attempts to send a mail, by what came of them"))
	return m
}

// attempted counts one call of the mail service: sent, failed for now, or
// refused for what is in the letter.
func (m metrics) attempted(ctx context.Context, err error) {
	outcome := "sent"
	switch {
	case errors.Is(err, letter.ErrRefused):
		outcome = "refused"
	case err != nil:
		outcome = "failed"
	}
	m.mails.Add(ctx, 1, metric.WithAttributes(attribute.String("missionpot.mail.outcome", outcome)))
}
