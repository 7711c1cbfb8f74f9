// Package account holds the rules of the people, pure: no I/O and no clock.
// What a name, an e-mail address and a password may be is decided here, once,
// for the API that asks and the database that keeps.
package account
