// Package telemetry makes the programs' logs: structured, in the format that Cloud Logging reads,
// linked to the trace of the request or message they are about. A trace goes from a request through
// the messages that follow from it, so one query shows its path. It ends where many bets are
// decided in one batch: a pot's message stands for the whole batch and has no trace of its own.
package telemetry
