// Package reconciledb is what the check of the books reads and writes in the
// users instance: a snapshot of the ledger with the check's notes on it, the
// checks and what they found, and the mode that a check can change. It exists
// so that the check reads the ledger with statements of its own and does not
// believe the code that wrote it.
//
// # Notes
//
// A check that runs every minute can't read everything. It continues where the
// one before stopped, and keeps its sums in the tables books_*. A whole check
// reads everything, and keeps its sums in temporary tables of the same names.
// Both run the same statements.
//
// # What it changes
//
// A check changes nothing but its notes. A broken rule puts the service in
// exit-only mode in the transaction that records the check. Only a person ends
// that mode, on the basis of a recent clean check of the whole books.
package reconciledb
