// Package gauges reads from the databases the figures that alerts use and that no single message
// contains: whether the books balance, how long the oldest bet, verdict or mail has waited, how
// many missions are open, how near a server is to its last connection.
//
// It exists because state is the outbox here. An empty queue looks the same whether everything is
// done or everything is lost; only the state shows the difference. It runs on the ticks of the
// sweeps, which run in few instances.
package gauges
