// Package event is the wire between the steps: the messages, the topics that
// carry them and the table of who listens to what. It does no I/O, so both
// sides of every message, the local stand and the tests read the same lines.
//
// A message may come twice, late and in any order. None of them is an order to
// do something once; each tells a fact, and a step that hears a fact again
// changes nothing.
package event
