// Package audit reads from the databases what an alert watches and no single
// message tells: whether the books balance, how long the oldest bet, verdict or
// mail has waited, how many missions are under way, how near a server is to its
// last connection.
//
// It exists because state is the outbox here. A queue that is silent looks the
// same whether all is done or all is lost; only the state itself tells. It rides
// on the ticks of the sweeps, which run in few instances.
package audit
