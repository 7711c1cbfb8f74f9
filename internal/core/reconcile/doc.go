// Package reconcile checks that every won is accounted for and that nothing is
// lost: the invariants of the ledger and of the missions database,
// and whether they agree with each other and with the log of bets.
//
// It is pure: its input is snapshots of the two databases and pages of the log,
// and its output is a list of findings. So the rules can be tested at their
// limits, and the check that runs every minute, the command and the tests that
// break things use the same rules.
//
// A check runs on a live system and must raise no false alarm. Within one
// snapshot of one database the comparison is exact. Between two databases the
// order matters: the missions are read first. It only has what the ledger published
// before, so everything in it must be in the ledger, which is read afterwards.
// In the other direction a fact may still be under way. If it is older than it
// should be it is late, but no rule is broken.
//
// Missionpot's invariants, by the numbers that findings carry:
//
//  1. Double entry: every account is the sum of its rows, and all of them are zero.
//  2. A wallet and an escrow are never negative.
//  3. A bet moves cash at most once, a mission settles once, a charge credits once.
//  4. Every logged bet gets exactly one outcome, and no outcome is without its bet.
//  5. A settled mission's escrow is empty; its inflow is its outflow.
//  6. Missions and ledger agree on the pot, the ending and the settlement.
//  7. Nothing is lost: a verdict is settled, a pot shown, a mail written.
package reconcile
