// Package pg connects to Postgres. It exists so that every store of a database
// opens its connections, limits its statements, reads the clock and recognizes
// errors in the same way.
//
// # Pools
//
// A program opens one Pool for each instance that it uses, and makes the stores
// it needs on that pool: several stores share the connections. Whoever opened
// the pool closes it. A pool connects lazily; Ping checks that the instance
// answers.
//
// # Time limits
//
// The server ends what its client has abandoned, because an abandoned statement
// or transaction keeps its locks. Each Instance states its limits and why they
// are what they are. The few transactions that may take longer lift the limits
// for themselves with Unhurried.
//
// # Errors
//
// A pool's own errors begin with the instance: "users database: …". A store's
// errors begin with what it tried to do: "hold 12 bets: …".
package pg
