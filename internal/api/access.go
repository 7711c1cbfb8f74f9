package api

import (
	"context"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/flow/batch"
)

// access decides which callers are let in.
type access struct {
	wallets *batch.Batcher[uuid.UUID, account.Wallet]
	roles   Operators
	factors people.Factors
}

func newAccess(wallets Wallets, operators Operators, factors people.Factors) *access {
	read := func(ctx context.Context, users []uuid.UUID) ([]account.Wallet, error) {
		return wallets.Wallets(ctx, users)
	}
	return &access{wallets: batch.New(read, batch.Options{Max: 500}), roles: operators, factors: factors}
}

type walletKey struct{}

// wallet is the caller's, as it was when the call came.
func wallet(ctx context.Context) account.Wallet {
	w, _ := ctx.Value(walletKey{}).(account.Wallet)
	return w
}

// admit refuses a token of somebody whose sign-ins have all ended since it was made: by
// a changed password, signing out everywhere, a copied refresh token or leaving. The
// wallet is read with it, because a call that moves cash looks at that anyway; calls of
// many people at once share a read.
func (a *access) admit(ctx context.Context, b token.Bearer) (context.Context, error) {
	w, err := a.wallets.Do(ctx, b.User)
	if err == nil && w.Generation != b.Generation {
		err = fault.Unauthenticated.Because("The sign-in of this access token has ended; sign in.")
	}
	return context.WithValue(ctx, walletKey{}, w), err
}

// operators makes an operation one that only operators may call.
func (a *access) operators(op edge.Operation) edge.Operation {
	op.SignedIn, op.Allow = true, a.requireOperator
	op.Refusals = append(op.Refusals, fault.Forbidden)
	return op
}

// requireOperator lets operators in only. The token says who never was one, for
// nothing; the database says who is one no more, at once.
func (a *access) requireOperator(ctx context.Context) error {
	b := edge.Bearer(ctx)
	is := b.Has(account.Operator)
	if is {
		var err error
		if is, err = a.roles.IsOperator(ctx, b.User); err != nil {
			return err
		}
	}
	if !is {
		return fault.Forbidden.Because("Only an operator may do this.")
	}
	on, _, err := a.factors.Factor(ctx, b.User)
	if err == nil && !on {
		err = fault.Forbidden.Because("An operator needs a second factor. Turn one on first.")
	}
	return err
}

// movesCash makes an operation one that moves the caller's cash, which takes a key.
func movesCash(op edge.Operation) edge.Operation {
	op.SignedIn, op.Keyed, op.Allow = true, true, refuseOperator
	op.Refusals = append(op.Refusals, fault.OperatorCash)
	return op
}

// refuseOperator keeps operators from cash. Their account never has any, the
// database sees to that; here the caller gets a clear answer.
func refuseOperator(ctx context.Context) error {
	if edge.Bearer(ctx).Has(account.Operator) {
		return fault.OperatorCash
	}
	return nil
}
