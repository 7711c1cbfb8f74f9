package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/ledger"
)

type chargeInput struct {
	Keyed
	Body struct {
		Amount ledger.Won `json:"amount" minimum:"100" maximum:"10000000" doc:"In won." example:"50000"`
	}
}

// Charge is cash that came in.
type Charge struct {
	ID     uuid.UUID           `json:"id"`
	Amount ledger.Won          `json:"amount" example:"50000"`
	Status ledger.ChargeStatus `json:"status" enum:"succeeded"`
	Cash   Cash                `json:"cash" doc:"What you have now."`
}

type chargeAnswer struct{ Body Charge }

// Transaction is one line of a person's statement.
type Transaction struct {
	ID           uuid.UUID  `json:"id" doc:"Of the charge, the bet, the payout or the refund."`
	Kind         string     `json:"kind" enum:"charge,hold,payout,refund"`
	Amount       ledger.Won `json:"amount" doc:"In won: positive into your wallet, negative out of it." example:"-5000"`
	MissionID    *uuid.UUID `json:"mission_id" nullable:"true" doc:"Null for a charge."`
	BalanceAfter ledger.Won `json:"balance_after" example:"45000"`
	CreatedAt    time.Time  `json:"created_at"`
}

type transactionsAnswer struct{ Body Listed[Transaction] }

func (s *server) serveCharges() {
	serve(s, operation{
		id: "charge", method: http.MethodPost, path: "/v1/users/me/charges", tag: "Cash", status: http.StatusCreated,
		signedIn: true, keyed: true, summary: "Put cash into your wallet",
		description: "The charge is written down before the payment provider is asked, so it is made once however often you repeat the call with its key. " +
			"503 means that nobody knows yet: repeat with the same key, or look at your cash in a minute; it is resolved either way. " +
			"The sandbox provider declines exactly 402 won and approves everything else.",
		refusals: []*fault.Kind{fault.ChargeDeclined, fault.ExitOnly},
	}, s.charge)
	serve(s, operation{
		id: "list-transactions", method: http.MethodGet, path: "/v1/users/me/transactions", tag: "Cash", signedIn: true,
		summary: "What went through your wallet", description: "Newest first. A declined bet moved nothing and is not here.",
	}, s.transactions)
}

// charge follows rule 3: the row first, then the provider with the row's id.
func (s *server) charge(ctx context.Context, in *chargeInput) (*chargeAnswer, error) {
	user, hash := caller(ctx), requestHash("charge", in.Body.Amount)
	c, known, err := s.Charges.ChargeByKey(ctx, user, in.Key, hash)
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
		return nil, fault.ChargeDeclined.Because("")
	}
	cash, err := s.Books.Cash(ctx, c.UserID)
	if err != nil {
		return nil, err
	}
	return &chargeAnswer{Body: Charge{ID: c.ID, Amount: c.Amount, Status: c.Status, Cash: Cash(cash)}}, nil
}

func (s *server) openCharge(ctx context.Context, user uuid.UUID, in *chargeInput, hash []byte) (ledger.Charge, error) {
	if err := s.takesCash(ctx); err != nil {
		return ledger.Charge{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return ledger.Charge{}, err
	}
	c, _, err := s.Charges.OpenCharge(ctx, ledger.Charge{ID: id, UserID: user, Amount: in.Body.Amount}, in.Key, hash)
	return c, err
}

// askProvider makes the charge and writes the result down, even if the client
// has gone meanwhile. When either fails the charge stays pending and the sweep
// resolves it.
func (s *server) askProvider(ctx context.Context, c ledger.Charge) (ledger.ChargeStatus, error) {
	ctx, cancel := afterCommit(ctx)
	defer cancel()
	status, err := s.Payments.Charge(ctx, c)
	if err == nil {
		err = s.Charges.ResolveCharge(ctx, c.ID, status == ledger.ChargeSucceeded)
	}
	if err != nil {
		return "", fault.Unavailable.Because("The charge is not confirmed yet. Repeat with the same Idempotency-Key.").After(retryLater).Wrap(err)
	}
	return status, nil
}

func (s *server) transactions(ctx context.Context, in *Page) (*transactionsAnswer, error) {
	list := listOf("transactions", caller(ctx))
	before, err := after(*in, list, int64(math.MaxInt64))
	if err != nil {
		return nil, err
	}
	lines, err := s.Books.Statement(ctx, caller(ctx), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := page(*in, list, lines, showTransaction, func(l ledger.StatementLine) int64 { return l.Seq })
	return &transactionsAnswer{Body: listed}, err
}

func showTransaction(l ledger.StatementLine) Transaction {
	t := Transaction{ID: l.ID, Kind: l.Kind, Amount: l.Amount, BalanceAfter: l.BalanceAfter, CreatedAt: l.CreatedAt.UTC()}
	if l.MissionID != uuid.Nil {
		t.MissionID = &l.MissionID
	}
	return t
}
