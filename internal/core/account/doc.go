// Package account has the rules for accounts. It is pure: no I/O and no clock.
// It decides what a name, an e-mail address and a password may be, for the API
// and for the database.
package account
