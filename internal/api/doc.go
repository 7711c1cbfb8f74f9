// Package api is the front door: it turns HTTP into calls of the rules and the
// adapters, and their answers and refusals into JSON.
//
// It decides no cash and writes no mission by itself. What it adds is what only
// the edge can know: who is calling, whether this very call came before
// (Idempotency-Key), what the caller can read (Accept) and how long they are
// willing to wait (Prefer).
//
// # Order of refusals
//
// A call is refused by the first of these that applies: the limit
// of the address (429), the route (404, 405),
// the token (401), the role (403), the key (400), the media types (406, 415),
// the body's size and syntax (413, 400), the shape of parameters and body (422),
// the state of things: 402, 403, 404, 409. But a call whose key came before is never refused
// for the state of things: it gets its first answer, whatever else has changed
// (rule 1).
//
// # Errors
//
// Every error is application/problem+json with a stable code. An error that is
// not a fault of package fault is logged in full and shown as 500 without its
// text; one of the network or of a database that is going away is shown as 503,
// because a retry mends it.
package api
