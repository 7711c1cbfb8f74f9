package totp

import "example.com/missionpot/internal/core/account"

// recoveryCodes is how many a user gets: enough to lose the app more than once.
const recoveryCodes = 10

// NewRecoveryCodes returns codes that are each accepted once.
func NewRecoveryCodes() []account.Code {
	codes := make([]account.Code, recoveryCodes)
	for i := range codes {
		codes[i] = account.NewCode()
	}
	return codes
}
