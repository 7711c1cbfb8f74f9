package people

import (
	"context"
	"time"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
)

// fairPasswords lets one address have only so many hashes under way or waiting at once.
// Only two to a processor are worked on: without a bound a dozen addresses could fill
// the line in front of them and keep everybody else from signing in.
type fairPasswords struct {
	Passwords
	shares *edge.Shares
}

func newFairPasswords(p Passwords, most int) Passwords {
	return &fairPasswords{Passwords: p, shares: edge.NewShares(most)}
}

// Hash is as the one it wraps, or fault.Unavailable.
func (f *fairPasswords) Hash(ctx context.Context, password string) (string, error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return f.Passwords.Hash(ctx, password)
}

// Verify is as the one it wraps, or fault.Unavailable.
func (f *fairPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return f.Passwords.Verify(ctx, password, hash)
}

func (f *fairPasswords) enter(ctx context.Context) (leave func(), err error) {
	place := edge.Network(ctx)
	if !f.shares.Take(place) {
		return nil, fault.Unavailable.Because("Too many people are signing in from your address at this moment.").After(time.Second)
	}
	return func() { f.shares.Leave(place) }, nil
}
