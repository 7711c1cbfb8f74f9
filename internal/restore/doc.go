// Package restore brings a database back that was lost, or that went back to an
// earlier moment, from what the other parts remember. It is pure: what it reads
// and writes is behind interfaces, so that the drills run the very code that the
// command runs.
//
// The missions instance is rebuilt from the live board, which has every mission
// as it was last shown, from the ledger, which has the pots and the endings, and
// from the log, which has the stakes.
//
// The users instance is brought forward by replaying the log: bets and verdicts
// in the order of their time, so that cash that was paid out is there when it was
// put in again. What no part remembers (who signed up, and charges that the
// payment provider does not name) is listed, and so is what follows from that.
package restore
