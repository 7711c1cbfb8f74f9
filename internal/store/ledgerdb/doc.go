// Package ledgerdb is the ledger in the users instance: wallets, charges, bets,
// escrows and their settlement. Every cash fact is decided here and nowhere
// else.
//
// # Locks
//
// Every transaction that moves cash takes its locks in one order: wallets by
// user id, then escrows by mission id, the hot row last. So two of them never
// wait for each other in both directions.
//
// # Exactly once
//
// A ledger row's id identifies the fact it records: it is a bet's id, a
// charge's id, or an id made of mission and user for a payout or a refund. The
// primary key makes each fact happen once, and cash moves only together with
// the row.
package ledgerdb
