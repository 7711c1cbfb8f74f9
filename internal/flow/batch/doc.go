// Package batch implements group commit: it turns many concurrent callers into
// few calls of one function.
//
// While one batch runs, the next one gathers. A single caller does not wait: it
// is a batch of one. Under load the batches grow by themselves, because the
// longer a run takes the more callers gather behind it. So a hot row that would
// be locked once per caller is locked once per run. By default there is no
// timer: waiting to fill the batch of a transaction was measured and was
// slower. If a call costs far more than its contents, as a publish does, a Gap
// between busy runs saves more than it costs.
//
// Paced does the same for something that must not be written too often, such as
// one Firestore document: per key, the newest value wins and all callers that
// gathered share one write.
package batch
