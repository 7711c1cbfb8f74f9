// Package ledger holds the rules of the cash, pure: no I/O and no clock.
//
// # Accounts
//
// Every won is in exactly one account. A user has a wallet, a mission has an
// escrow, and everything outside (banks, cards) is one account whose balance is
// minus everything that ever came in. A transfer moves cash from one account to
// another, so the sum over all accounts is always zero:
//
//	charge outside → wallet cash comes in
//	hold     wallet → escrow   a bet is covered
//	payout   escrow → wallet   the mission succeeded: the pot goes to the streamer
//	refund   escrow → wallet   it did not: a contributor gets back what they contributed
//
// A wallet and an escrow are never negative. A transfer is never changed and
// never deleted.
//
// # A bet
//
// A logged bet gets exactly one outcome: held, or declined with a reason. A
// decline is a row in the ledger as well, which moves nothing, because a
// decline must be as final as a hold.
//
// # A settlement
//
// An escrow is open until a verdict closes it. Closing stores the outcome;
// what is paid follows from the stored outcome alone. Nobody gets more than
// they put in: a bet is a conditional gift, not a wager.
package ledger
