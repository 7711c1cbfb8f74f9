// Package telemetry is how the programs tell what they do: structured logs in
// the shape Cloud Logging reads, tied to the trace of the request or message
// they are about. A trace goes with a bet from the API through every topic, so
// one query shows its whole way.
package telemetry
