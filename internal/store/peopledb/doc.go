// Package peopledb is the people in the users instance: accounts, sign-ins,
// second factors, codes for new passwords, operators and their audit log, and
// the mails that people get. It exists so that nothing about a person is read
// or changed in two places.
//
// # Locks
//
// A transaction that locks an account's row does so before it locks anything
// else of that person: sign-ins, second factor, wallet. Budgets of tries to
// sign in are locked in the order of their keys. So two transactions never wait
// for each other in both directions.
//
// # What ends a sign-in
//
// An account has a generation. An access token carries that of its sign-in, and
// is valid while the account still has it. Every measure against an intruder
// raises the generation and ends the refresh tokens, in one transaction.
package peopledb
