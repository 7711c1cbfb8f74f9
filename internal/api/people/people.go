// Package people is the part of the API about accounts and signing in: who
// somebody is, and how they prove it. It exists so that what reads passwords and
// makes tokens is in one place, and can't move cash.
package people

import (
	"log/slog"
	"time"

	"example.com/missionpot/internal/api/edge"
)

// Dependencies is everything that accounts and signing in need.
type Dependencies struct {
	Accounts  Accounts
	Sessions  Sessions
	Logins    Logins
	Resets    Resets
	Factors   Factors
	Passwords Passwords
	Tokens    Tokens
	Balances  Balances
	Missions  Unsettled

	LoginKey []byte // hashes accounts and addresses of tries to sign in
	SignUps  int    // how many accounts one address may make in a minute, 0 for any number
	Hashes   int    // how many passwords of one address are hashed at once, 0 for any number
	Now      func() time.Time
	Log      *slog.Logger
}

// Serve registers the calls about accounts and signing in.
func Serve(e *edge.Edge, d Dependencies) {
	hashes, signer, security := newFairPasswords(d.Passwords, d.Hashes), signer{d.Tokens}, edge.NewSecurityLog(d.Log)
	credentials := &credentials{d.Accounts, hashes, d.Factors, d.Logins, d.LoginKey}
	(&sessions{d.Sessions, credentials, signer, security}).serve(e)
	(&signUps{d.Accounts, hashes, edge.NewQuota("sign-ups", d.SignUps, d.Now), security}).serve(e)
	(&profiles{d.Accounts, d.Balances}).serve(e)
	(&leaving{d.Accounts, d.Missions, credentials, security}).serve(e)
	(&passwords{d.Accounts, hashes, credentials, signer, security}).serve(e)
	(&resets{d.Resets, hashes, credentials, signer, security}).serve(e)
	(&factors{d.Factors, d.Accounts, credentials, security}).serve(e)
}
