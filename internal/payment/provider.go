package payment

import (
	"context"

	"example.com/missionpot/internal/ledger"
)

// Provider takes cash from a person's card or bank.
type Provider interface {
	// Charge takes the charge's amount, once for its id however often it is
	// called. It returns ledger.ChargeSucceeded or ledger.ChargeDeclined. An error
	// means that nobody knows yet: the charge may or may not have been made.
	Charge(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)

	// Lookup tells what became of a charge without making it. A charge that never
	// reached the provider is ledger.ChargeDeclined from then on: a provider must
	// not make a charge after it has said so.
	Lookup(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error)
}
