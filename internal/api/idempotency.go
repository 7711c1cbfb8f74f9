package api

import (
	"crypto/sha256"
	"encoding/json"
)

// Keyed is the header that tells a retry from a second call.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" doc:"A name of your own for this call, such as a UUID. Send the same one when you repeat the call because its answer got lost; it is done once, and you get the first answer. Another call needs another key." example:"6f1d4a3e-2f0b-4c55-9d0e-0a4f2f7f5b11"`
}

// requestHash tells requests under one key apart by what they ask for, so that
// a retry may differ in white space or in the order of fields.
func requestHash(parts ...any) []byte {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings, numbers and ids always marshal
	}
	sum := sha256.Sum256(text)
	return sum[:]
}
