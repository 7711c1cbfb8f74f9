// Package rebuild rebuilds a database that was lost, or that was restored to an
// earlier time, from the data in the other parts. It is pure: what it reads and
// writes is behind interfaces, so that the drills run the same code as the
// command.
//
// The missions instance is rebuilt from the live board, which has every mission
// as it was last shown, from the ledger, which has the pots and the endings, and
// from the log, which has the stakes.
//
// The users instance is brought forward by replaying the log: bets and verdicts
// in the order of their time, so that cash that was paid out can be bet again.
// What is in no other part (new accounts, and charges that the payment provider
// does not list) is reported, and so are the consequences.
package rebuild
