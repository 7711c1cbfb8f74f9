package api_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/ledger"
)

// flaky is a provider whose answer gets lost: the charge is made, nobody hears.
type flaky struct {
	payment.Sandbox
	lost int
	seen []ledger.Charge
}

func (f *flaky) Charge(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	f.seen = append(f.seen, c)
	if f.lost > 0 {
		f.lost--
		return "", errors.New("the provider did not answer")
	}
	return f.Sandbox.Charge(ctx, c)
}

func TestRule3AChargeWhoseAnswerGotLostIsOneCharge(t *testing.T) {
	t.Parallel()
	provider := &flaky{lost: 1}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Payments = provider })
	mina := s.signUp("mina", false)
	charge := func() reply {
		return s.call(http.MethodPost, "/v1/users/me/charges", mina.token, object{"amount": 7000}, "Idempotency-Key", "k")
	}
	r := charge()
	r.refused(http.StatusServiceUnavailable, "unavailable")
	if r.header.Get("Retry-After") == "" {
		t.Error("the 503 does not say when to come back")
	}
	pending, err := s.users.PendingCharges(t.Context(), -time.Second, 10)
	s.ok(err)
	if len(pending) != 1 {
		t.Fatalf("%d charges are pending, want the one whose answer got lost", len(pending))
	}
	charge().want(http.StatusCreated)
	if len(provider.seen) != 2 || provider.seen[0].ID != provider.seen[1].ID {
		t.Errorf("the provider was asked for %v, want one charge asked for twice", provider.seen)
	}
	if cash := s.cash(mina); cash.Available != 7000 {
		t.Errorf("the wallet has %v, want 7,000 won", cash.Available)
	}
}

// The sweep may resolve a charge between the loss and the retry.
func TestARetryAfterTheSweepFindsTheChargeResolved(t *testing.T) {
	t.Parallel()
	provider := &flaky{lost: 1}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Payments = provider })
	mina := s.signUp("mina", false)
	charge := func() reply {
		return s.call(http.MethodPost, "/v1/users/me/charges", mina.token, object{"amount": 7000}, "Idempotency-Key", "k")
	}
	charge().want(http.StatusServiceUnavailable)
	pending, err := s.users.PendingCharges(t.Context(), -time.Second, 10)
	s.ok(err)
	s.ok(s.users.ResolveCharge(t.Context(), pending[0].ID, true))
	charge().want(http.StatusCreated)
	if len(provider.seen) != 1 {
		t.Errorf("the provider was asked %d times, want once: the sweep had the answer", len(provider.seen))
	}
	if cash := s.cash(mina); cash.Available != 7000 {
		t.Errorf("the wallet has %v, want 7,000 won once", cash.Available)
	}
}
