package payment

import (
	"context"
	"errors"
	"fmt"

	"example.com/missionpot/internal/core/ledger"
)

// DeclinedAmount is the amount in won that the sandbox always declines, named
// after HTTP's 402 Payment Required. It approves every other one.
const DeclinedAmount ledger.Won = 402

// ErrSandbox means that the sandbox is not allowed here, because its cash costs nothing.
var ErrSandbox = errors.New("the payment sandbox runs on a stand of emulators only, unless it is allowed by name")

// Open makes the provider with a name; so far there is only "sandbox". An empty name is an error,
// so that nobody gets the sandbox by leaving out a setting.
func Open(name string, sandboxAllowed bool, lookup func(string) (string, bool)) (Provider, error) {
	switch name {
	case "sandbox":
		return NewSandbox(sandboxAllowed, lookup)
	case "", "none":
		return nil, errors.New("settings: PAYMENT_PROVIDER: no payment provider is set; charges can't be made")
	}
	return nil, fmt.Errorf("settings: PAYMENT_PROVIDER: there is no provider %q", name)
}

// Sandbox is a Provider that moves no cash. Its answer follows from the charge
// alone, so every instance, every retry and every lookup agree.
type Sandbox struct{}

var _ Provider = Sandbox{}

// NewSandbox makes a Sandbox. On a stand of emulators, which it recognizes by lookup
// (os.LookupEnv), that always succeeds; on any other platform only if allowed. The error is
// ErrSandbox.
func NewSandbox(allowed bool, lookup func(string) (string, bool)) (Sandbox, error) {
	if !allowed && (onGoogleCloud(lookup) || !onEmulators(lookup)) {
		return Sandbox{}, ErrSandbox
	}
	return Sandbox{}, nil
}

// onEmulators looks for the addresses of Google's emulators, which the client libraries read as
// well: a program on emulators stores nothing of value.
func onEmulators(lookup func(string) (string, bool)) bool {
	for _, name := range []string{"FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"} {
		if value, set := lookup(name); !set || value == "" {
			return false
		}
	}
	return true
}

// onGoogleCloud looks for the variables that the platform sets in every container: Cloud Run
// services and functions, its jobs and worker pools, App Engine, and older functions. Source:
// "Container runtime contract" of Cloud Run, "Using environment variables" of Cloud Functions,
// "Runtime environment" of App Engine.
func onGoogleCloud(lookup func(string) (string, bool)) bool {
	for _, name := range []string{"K_SERVICE", "K_REVISION", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL", "GAE_SERVICE", "FUNCTION_NAME"} {
		if value, set := lookup(name); set && value != "" {
			return true
		}
	}
	return false
}

// Charge approves every amount but DeclinedAmount.
func (Sandbox) Charge(_ context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	if c.Amount == DeclinedAmount {
		return ledger.ChargeDeclined, nil
	}
	return ledger.ChargeSucceeded, nil
}

// Lookup answers as Charge does.
func (s Sandbox) Lookup(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	return s.Charge(ctx, c)
}
