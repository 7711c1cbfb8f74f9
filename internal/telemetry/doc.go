// Package telemetry is how the programs tell what they do: structured logs in
// the shape Cloud Logging reads, tied to the trace of the request or message
// they are about. A trace goes from a request through the messages it sets
// off, so one query shows its way, up to where many are decided as one: a
// pot's message stands for a whole batch of bets and has no trace of its own.
package telemetry
