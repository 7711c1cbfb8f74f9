// Package api is the resources of the API: it turns calls into calls of the rules
// and the adapters, and what they return into answers. The HTTP around that is
// package edge.
//
// It decides no cash and writes no mission by itself. Each resource is a small
// struct with what it needs, and wire puts them together.
//
// A call that the edge lets through is refused for the state of things with 402,
// 403, 404 or 409. But a call whose key came before is never refused for the state
// of things: it gets its first answer, whatever else has changed (rule 1).
package api
