// Package sendmail is the step that sends mail: how a mission ended, and codes.
//
// The settlement itself writes the mails into the ledger's database, so none
// can be forgotten. A mail is pending, then leased while an instance tries to
// send it, and then sent. A settlement and every tick start the step, and each
// time it sends whatever is due, for any mission. A mail is sent twice only if
// the step or the database fails between sending and marking (rule 15).
//
// It also mails the codes for resetting a password, because it is the only
// program with the mail service's key. The API records who asked for one, and a
// tick starts the step once a minute.
package sendmail
