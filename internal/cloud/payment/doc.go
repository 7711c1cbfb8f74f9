// Package payment takes cash in: it has the contract with a payment provider, and a sandbox that
// follows the contract without moving cash.
//
// The contract allows for lost answers. A charge is stored before the provider is called, and every
// call about it carries its id, so a charge whose answer was lost can be requested again and is
// still one charge.
package payment
