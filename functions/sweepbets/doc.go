// Package sweepbets is the step that leaves nobody behind. On every tick it
// looks for what somebody wrote down and then died before telling:
//
//   - a logged bet without an outcome: the API died before publishing it
//   - a pot that changed and was not told: holdbets died after its commit
//   - a charge still pending: the answer of the payment provider was lost
//
// and does what was left undone. Everything it does may be done twice, so it
// need not know whether the other is really dead.
package sweepbets
