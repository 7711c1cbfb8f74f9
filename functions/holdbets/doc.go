// Package holdbets is the step that decides bets: it moves the cash of a logged
// bet from the wallet into the mission's escrow, or records why not, and
// publishes the new pots.
//
// It is two group commits in a row. The first turns the pushes that are in
// flight into one transaction. The second turns the transactions that were
// committed meanwhile into one message per mission. They overlap: while one
// batch is being published, the next one commits. A push is answered when both
// are done. After a failure in between, it is delivered again, decided as
// before and published again.
package holdbets
