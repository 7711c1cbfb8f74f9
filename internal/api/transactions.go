package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/ledger"
)

// Transaction is one line of a person's statement.
type Transaction struct {
	ID           uuid.UUID  `json:"id" doc:"Of the charge, the bet, the payout or the refund."`
	Kind         string     `json:"kind" enum:"charge,hold,payout,refund"`
	Amount       ledger.Won `json:"amount" doc:"In won: positive into your wallet, negative out of it." example:"-5000"`
	MissionID    *uuid.UUID `json:"mission_id" nullable:"true" doc:"Null for a charge."`
	BalanceAfter ledger.Won `json:"balance_after" example:"45000"`
	CreatedAt    time.Time  `json:"created_at"`
}

type transactionsAnswer struct{ Body edge.Listed[Transaction] }

// transactions shows what went through wallets.
type transactions struct{ statements Statements }

func (s *transactions) serve(e *edge.Edge) {
	edge.Serve(e, edge.Operation{
		ID: "list-transactions", Method: http.MethodGet, Path: "/v1/users/me/transactions", Tag: "Cash", SignedIn: true,
		Summary: "What went through your wallet", Description: "Newest first. A declined bet moved nothing and is not here.",
	}, s.list)
}

func (s *transactions) list(ctx context.Context, in *edge.Page) (*transactionsAnswer, error) {
	list := edge.ListOf("transactions", edge.Caller(ctx))
	before, err := edge.After(*in, list, int64(math.MaxInt64))
	if err != nil {
		return nil, err
	}
	lines, err := s.statements.Statement(ctx, edge.Caller(ctx), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	listed, err := edge.Paginate(*in, list, lines, showTransaction, func(l ledger.StatementLine) int64 { return l.Seq })
	return &transactionsAnswer{Body: listed}, err
}

func showTransaction(l ledger.StatementLine) Transaction {
	t := Transaction{ID: l.ID, Kind: l.Kind, Amount: l.Amount, BalanceAfter: l.BalanceAfter, CreatedAt: l.CreatedAt.UTC()}
	if l.MissionID != uuid.Nil {
		t.MissionID = &l.MissionID
	}
	return t
}
