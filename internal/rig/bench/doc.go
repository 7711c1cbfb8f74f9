// Package bench compares this system with a plain implementation, in one run and on one machine.
//
// A figure alone says more about the machine than about the code. So every row is a ratio of two
// subjects that are measured in turn, round after round: a noisy neighbour then slows both. A row's
// figures are medians over the rounds; its least and greatest ratio stand next to them, so that
// noise shows.
//
// The parts are real: Postgres with fsync and synchronous_commit on, Google's emulators, the
// programs as they are built for the cloud. This program generates the load on the same processors,
// which slows the system as much as the baseline.
//
// # Parts
//
// An Experiment prepares data, returns subjects to measure, and defines the rows that follow from
// their figures. Run runs the rounds of each experiment. Each subject has a file of its own:
// hold.go, push.go, settle.go and so on; naive.go is the baseline that most of them share.
package bench
