// Package storetest gives a test stores of its own on real servers, with people,
// missions and bets in them. It exists so that a test says in one line what it
// starts from, and in the same words as every other test.
//
// Users is a users instance: a User has an account and was charged some cash, a
// Mission has an escrow that holds its creator's stake, a Bet is in time.
// Missions is a missions instance with a live board: a mission is Funding,
// Active, Overdue or Judged. A helper whose work fails ends the test.
//
// Bus is a bus that remembers what was published. It is the only fake, because
// a real one can't be made to fail at a given moment.
package storetest
