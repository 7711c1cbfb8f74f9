// Package holdbets is the step that decides bets: it moves the cash of a
// logged bet from the wallet into the mission's escrow, or writes down why
// not, and tells the board what the pots have become.
//
// It is two group commits in a row. The first turns the pushes that are in
// flight into one transaction; the second turns the transactions that were
// committed meanwhile into one message per mission. They overlap: while one
// batch is being published, the next one commits. A push is answered when both
// are done with it, so whatever breaks in between is delivered again, decided
// as before and told again.
package holdbets
