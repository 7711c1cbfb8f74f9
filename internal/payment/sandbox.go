package payment

import (
	"context"
	"errors"

	"example.com/missionpot/internal/ledger"
)

// DeclinedAmount is the amount in won that the sandbox always declines, named
// after HTTP's 402 Payment Required. It approves every other one.
const DeclinedAmount ledger.Won = 402

// ErrSandboxInCloud refuses to hand out cash for nothing where it would count.
var ErrSandboxInCloud = errors.New("the payment sandbox does not run on Google Cloud unless it is allowed by name")

// Sandbox is a Provider that moves no cash. Its answer follows from the charge
// alone, so every instance, every retry and every lookup agree.
type Sandbox struct{}

var _ Provider = Sandbox{}

// NewSandbox makes a Sandbox. Outside Google Cloud it always does; on Google
// Cloud, which lookup (os.LookupEnv) shows, only if allowed. The error is
// ErrSandboxInCloud.
func NewSandbox(allowed bool, lookup func(string) (string, bool)) (Sandbox, error) {
	if onGoogleCloud(lookup) && !allowed {
		return Sandbox{}, ErrSandboxInCloud
	}
	return Sandbox{}, nil
}

// onGoogleCloud looks for what the platform sets in every container: Cloud Run
// services and functions, its jobs and worker pools, App Engine, and older
// functions. Source: "Container runtime contract" of Cloud Run, "Using
// environment variables" of Cloud Functions, "Runtime environment" of App Engine.
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
