// Package fault defines refusals that a client may see: each has a stable code,
// a message that is safe to show, and an HTTP status. Any other error is an
// internal error, and its text is only logged.
package fault

import (
	"errors"
	"time"
)

// Kind is one sort of refusal. The kinds of this package are the only ones;
// compare with errors.Is(err, fault.NotActive).
type Kind struct {
	Code   string // stable, snake_case, part of the REST contract
	Status int    // HTTP status, RFC 9110
	Title  string // short summary, the same at every occurrence (RFC 9457)
}

// Error makes a kind an error by itself, where there is nothing to add.
func (k *Kind) Error() string { return k.Code + ": " + k.Title }

// Because makes a fault of this kind. The detail is shown to the caller, so it
// must not contain anything that the caller may not know.
func (k *Kind) Because(detail string) *Error { return &Error{Kind: k, Detail: detail} }

// On makes a fault of this kind about one field of the request, named as the
// client wrote it ("body.amount").
func (k *Kind) On(field, detail string) *Error {
	return &Error{Kind: k, Detail: detail, Field: field}
}

// After makes a fault of this kind with a time after which the client may retry.
func (k *Kind) After(wait time.Duration) *Error { return &Error{Kind: k, RetryAfter: wait} }

// Wrap makes a fault of this kind that carries the cause, which is logged and
// never shown.
func (k *Kind) Wrap(cause error) *Error { return &Error{Kind: k, cause: cause} }

// Error is one occurrence of a Kind.
type Error struct {
	Kind       *Kind
	Detail     string        // safe to show
	Field      string        // which part of the request, or empty
	RetryAfter time.Duration // how long a client should wait; zero says nothing
	cause      error         // for the logs only
}

// Error describes the fault for logs, its hidden cause included.
func (e *Error) Error() string {
	text := e.Kind.Code
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap lets errors.Is find the kind and errors.As the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// Wrap returns a copy that carries the cause, which is logged and never shown.
func (e *Error) Wrap(cause error) *Error {
	wrapped := *e
	wrapped.cause = cause
	return &wrapped
}

// After returns a copy with a time after which the client may retry.
func (e *Error) After(wait time.Duration) *Error {
	later := *e
	later.RetryAfter = wait
	return &later
}

// From finds the fault in an error. An error without one becomes Internal with
// the error as its hidden cause, so there is always a text that is safe to
// show.
func From(err error) *Error {
	var found *Error
	if errors.As(err, &found) {
		return found
	}
	var kind *Kind
	switch {
	case !errors.As(err, &kind):
		return Internal.Wrap(err)
	case err == error(kind): // nothing more is known
		return &Error{Kind: kind}
	}
	return kind.Wrap(err)
}
