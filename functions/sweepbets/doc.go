// Package sweepbets is the step that finishes what other programs left undone.
// On every tick it looks for:
//
//   - a logged bet without an outcome: the API failed before it published the bet
//   - a changed pot that was not published: holdbets failed after its commit
//   - a charge that is still pending: the answer of the payment provider was lost
//
// Everything it does may be done twice, so it need not know whether the other
// program has really failed.
package sweepbets
