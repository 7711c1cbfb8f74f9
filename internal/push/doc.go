// Package push is the door between Pub/Sub and a step: it reads the envelope
// of a push request, and turns what became of the message into the answer
// Pub/Sub understands.
//
//	204  the message is done with: acked
//	400  it can't be read, now or ever; it goes to the dead letters after its attempts
//	500  it could not be handled this time: delivered again, later
//
// Nothing is acked before the step says so, and the step says so only when
// everything the message stands for is written.
package push
