// Package checkbooks is the step that trusts nobody: it checks the books, all
// rules, on both databases and the log, and puts the service in exit-only mode
// when one is broken. It repairs nothing and moves no cash.
//
// It is the one step that reads both databases; docs/decisions tells why.
package checkbooks
