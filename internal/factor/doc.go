// Package factor is the second factor: codes of six digits that an app makes of a
// secret and the time (TOTP, RFC 6238), and recovery codes for who has lost the app.
//
// It is pure: the time and what was taken before are given to it. A code is good for
// its step of 30 seconds and, for clocks that differ, in the steps beside it. It is
// taken once: whoever keeps the account remembers the newest step, and a code of that
// one or of an older one is not taken again (RFC 6238, 5.2).
package factor
