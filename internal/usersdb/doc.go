// Package usersdb is the users instance: the people and the ledger. Every cash
// fact is decided here and nowhere else.
//
// # Locks
//
// Every transaction that moves cash takes its locks in one order: wallets by
// user id, then escrows by mission id, the hot row last. So two of them can
// wait for each other in one direction only.
//
// # Exactly once
//
// A ledger row's id is the fact it records: a bet's id, a charge's id, or an
// id made from mission and user for a payout or a refund. The primary key lets
// it happen once, and cash moves only together with the row.
package usersdb
