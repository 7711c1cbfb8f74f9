// Package payment is where cash comes in: the contract with a payment provider
// and a sandbox that keeps it without moving any.
//
// The contract is about lost answers. A charge is written down before the
// provider is asked, and its id goes with every question about it, so a charge
// whose answer never came can be asked for again and is still one charge.
package payment
