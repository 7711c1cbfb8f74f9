// Package event defines what the steps exchange: the messages, their topics and
// the table of subscriptions. It does no I/O, so both sides of every message,
// the local stand and the tests use the same definitions.
//
// A message may come twice, late and in any order. None of them is a command to
// do something once. Each states a fact, and a step that receives a fact again
// changes nothing.
package event
