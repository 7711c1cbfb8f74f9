// Package books checks that every won is accounted for and every promise kept:
// the invariants of the ledger, of the board, and of both against each other and
// against the log of bets.
//
// It is pure: what was read is handed in, by snapshots of the two databases and
// pages of the log, and what comes out is a list of findings. So the rules can
// be tested at their edges, and the same rules serve the check that runs every
// minute, the command, and the tests that break things.
//
// A check runs on a live system and must raise no false alarm. It compares what
// one snapshot of one database says of itself, which is exact at any moment. What
// two databases say of one mission is compared by this order: the board is read
// first. It only knows what the ledger told it before, so whatever it has must be
// in the ledger that is read after it. The other way round a fact may still be on
// its way; that is late, and no break, once it is older than it should be.
//
// Missionpot's invariants, by the numbers that findings carry:
//
//  1. Double entry: every account is the sum of its rows, and all of them are zero.
//  2. A wallet and an escrow are never negative.
//  3. A bet moves cash at most once, a mission settles once, a charge credits once.
//  4. Every logged bet gets exactly one outcome, and no outcome is without its bet.
//  5. A settled mission's escrow is empty; its inflow is its outflow.
//  6. Board and ledger agree on the pot, the ending and the settlement.
//  7. Nothing is lost on the way: a verdict is settled, a pot shown, a mail written.
package books
