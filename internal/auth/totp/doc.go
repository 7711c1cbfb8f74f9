// Package totp is the second factor: codes of six digits that an app makes of a secret and the
// time (TOTP, RFC 6238), and recovery codes for anyone who has lost the app.
//
// It is pure: the caller passes the time and the last accepted step. A code is valid in its step of
// 30 seconds and, because clocks differ, in the steps next to it. It is accepted once: the account
// stores the newest accepted step, and a code of that step or an older one is refused (RFC 6238,
// 5.2).
package totp
