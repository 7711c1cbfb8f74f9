// Package push connects Pub/Sub with a step: it reads the envelope of a push
// request, and turns the result of the step into the answer that Pub/Sub
// understands.
//
//	204  the message is handled: acked
//	400  it can't be read, now or ever; it goes to the dead letters after its attempts
//	500  it could not be handled this time: delivered again, later
//
// A message is acked only after its step returned nil, and the step returns nil
// only when everything the message stands for is written.
package push
