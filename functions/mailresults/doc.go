// Package mailresults is the step that tells people how their mission ended.
//
// What is to be sent is written in the ledger by the settlement itself, so a
// mail can't be forgotten: it is pending, leased while somebody tries to send
// it, and sent. A settlement and every tick wake the step, and each time it
// sends whatever is due, its own mission's or not. A mail comes twice only if
// the step dies, or the database does, between sending and marking (rule 15).
//
// It also mails the codes of who has forgotten their password, because it is the one
// program with the mail service's key. The API writes down who asked; a tick, once a
// minute, wakes the step.
package mailresults
