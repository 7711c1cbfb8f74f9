// Package mission holds the rules of a mission, pure: no I/O and no clock.
//
// # States
//
//	funding  → proposed   the creator's stake is held, the streamer is to accept
//	funding  → active     the same, for a streamer who accepts everything
//	funding  → unfunded   the stake was declined, or did not come in 15 minutes
//	proposed → active     the streamer accepted; the time limit starts
//	proposed → rejected   the streamer rejected it
//	proposed → withdrawn  the creator took it back
//	proposed → expired    the streamer did not answer for a day
//	active   → succeeded  the streamer's verdict, before the deadline
//	active   → failed     likewise
//	active   → expired    the deadline passed
//
// Every state that is not an ending has a deadline, so nothing waits for ever.
// An ending is final: there is no second verdict. Once made, a mission is never
// edited and never deleted; it only takes more cash, while it is active.
//
// # Who may do what
//
// Anyone signed in may create a mission for a streamer other than themselves.
// Only its streamer accepts, rejects and judges it. Only its creator withdraws it.
// Anyone but its streamer may put cash on it.
package mission
