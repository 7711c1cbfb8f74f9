// Package mail hands letters to SendGrid, one person per call, so that nobody
// sees another's address and one bad address holds up nobody else.
//
// SendGrid has no idempotency key. Whoever calls it must write down what was
// sent, and a call whose answer is lost may be repeated; the ids of whom and
// what it is about travel with every mail as custom arguments, so that SendGrid's
// own event feed tells a repetition apart.
package mail
