package payment

import (
	"context"

	"example.com/missionpot/internal/core/ledger"
)

// Provider takes cash from a person's card or bank.
type Provider interface {
	// Charge takes the charge's amount once, however often it is called with the same id. It
	// returns ledger.ChargeSucceeded or ledger.ChargeDeclined. An error means that the result is
	// unknown: the charge may or may not have been made.
	Charge(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)

	// Lookup returns the result of a charge without making it. A charge that never reached the
	// provider is ledger.ChargeDeclined from then on: a provider must not make a charge after it
	// has answered that.
	Lookup(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)
}
