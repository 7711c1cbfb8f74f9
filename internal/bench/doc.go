// Package bench measures what this system is built to be good at, against what
// one would write instead, in one run and on one machine.
//
// A figure alone says more about the machine than about the code. So every row
// is a ratio of two subjects that are measured in turn, round after round: a
// noisy neighbour then slows both. A row's figures are medians over the rounds;
// its least and greatest ratio are told beside it, so that noise shows.
//
// The parts are real: Postgres with fsync and synchronous_commit on, Google's
// emulators, the programs as they are built for the cloud. The load comes from
// this program, on the same processors, and counts against the system as much
// as against the baseline.
//
// # Parts
//
// An Experiment prepares data and gives subjects to measure, and says which rows
// follow from their figures. Run takes each experiment through its rounds. What
// is measured stands in a file of its own: hold.go, push.go, settle.go and so on;
// naive.go is the baseline most of them share.
package bench
