// Package batch is the group commit: it turns many concurrent callers into few
// calls of one function.
//
// While one batch runs, the next one gathers. An idle caller waits for nobody:
// it is a batch of one. Under load the batches grow by themselves, because the
// longer a run takes the more callers gather behind it, so a hot row that
// would be locked once per caller is locked once per run. By default no timer
// is involved; lingering to fill a batch of a transaction was measured and made
// it slower. Where a call costs far more than what is in it, as a publish does,
// a Gap between busy runs saves more than it costs.
//
// Paced is the same idea for a place that must not be written too often, such
// as one Firestore document: per key, the newest value wins and all callers
// who gathered share the one write.
package batch
