package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

type chargeInput struct {
	edge.Keyed
	Body struct {
		Amount ledger.Won `json:"amount" minimum:"100" maximum:"10000000" doc:"In won." example:"50000"`
	}
}

// Charge is cash that came in.
type Charge struct {
	ID     uuid.UUID           `json:"id"`
	Amount ledger.Won          `json:"amount" example:"50000"`
	Status ledger.ChargeStatus `json:"status" enum:"succeeded"`
	Cash   people.Cash         `json:"cash" doc:"What you have now."`
}

type chargeAnswer struct{ Body Charge }

// charges puts cash into wallets.
type charges struct {
	store    Charges
	payments Payments
	balances people.Balances
	mode     *modeWatch
}

func (s *charges) serve(e *edge.Edge) {
	edge.Serve(e, movesCash(edge.Operation{
		ID: "charge", Method: http.MethodPost, Path: "/v1/users/me/charges", Tag: "Cash", Status: http.StatusCreated,
		Summary: "Put cash into your wallet",
		Description: "The charge is written down before the payment provider is asked, so it is made once however often you repeat the call with its key. " +
			"503 means that nobody knows yet: repeat with the same key, or look at your cash in a minute; it is resolved either way. " +
			"The sandbox provider declines exactly 402 won and approves everything else.",
		Refusals: []*fault.Kind{fault.ChargeDeclined, fault.ExitOnly},
	}), s.charge)
}

// charge follows rule 3: the row first, then the provider with the row's id.
func (s *charges) charge(ctx context.Context, in *chargeInput) (*chargeAnswer, error) {
	user, hash := edge.Caller(ctx), edge.RequestHash("charge", in.Body.Amount)
	c, known, err := s.store.ChargeByKey(ctx, user, in.Key, hash)
	if err == nil && !known {
		c, err = s.openCharge(ctx, user, in, hash)
	}
	if err != nil {
		return nil, err
	}
	if c.Status == ledger.ChargePending {
		if c.Status, err = s.askProvider(ctx, c); err != nil {
			return nil, err
		}
	}
	if c.Status != ledger.ChargeSucceeded {
		return nil, fault.ChargeDeclined
	}
	cash, err := s.balances.Cash(ctx, c.UserID)
	if err != nil {
		return nil, err
	}
	return &chargeAnswer{Body: Charge{ID: c.ID, Amount: c.Amount, Status: c.Status, Cash: people.Cash(cash)}}, nil
}

func (s *charges) openCharge(ctx context.Context, user uuid.UUID, in *chargeInput, hash []byte) (ledger.Charge, error) {
	if err := s.mode.checkOpen(ctx); err != nil {
		return ledger.Charge{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return ledger.Charge{}, err
	}
	c, _, err := s.store.OpenCharge(ctx, ledger.Charge{ID: id, UserID: user, Amount: in.Body.Amount}, in.Key, hash)
	return c, err
}

// askProvider makes the charge and writes the result down, even if the client
// has gone meanwhile. When either fails the charge stays pending and the sweep
// resolves it.
func (s *charges) askProvider(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	ctx, cancel := edge.AfterCommit(ctx)
	defer cancel()
	status, err := s.payments.Charge(ctx, c)
	if err == nil {
		err = s.store.ResolveCharge(ctx, c.ID, status == ledger.ChargeSucceeded)
	}
	if err != nil {
		return "", fault.Unavailable.Because("The charge is not confirmed yet. Repeat with the same Idempotency-Key.").After(edge.RetryLater).Wrap(err)
	}
	return status, nil
}
