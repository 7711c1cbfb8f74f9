// Package sendgrid sends mails through SendGrid, one recipient per call, so that nobody sees another's
// address and one bad address delays nobody else.
//
// SendGrid has no idempotency key. The caller must record what was sent, and a call whose answer is
// lost may be repeated. Every mail carries the ids of its recipient and its subject as custom
// arguments, so that a repetition can be recognized in SendGrid's event feed.
package sendgrid
