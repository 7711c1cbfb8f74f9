// Package missionsdb is the missions instance: every mission, the pot it shows
// and its events. It exists so that the states of a mission are decided in one
// place, by the database, however many callers there are.
//
// # A change
//
// A change is one conditional UPDATE that raises the mission's revision, and one
// event row, in one transaction. The condition of the UPDATE is the rule of
// mission.Transitions, so of two changes at once that exclude each other exactly
// one is made.
//
// # Time
//
// Time is the database's clock, never the caller's. A deadline is compared in
// the statement that decides.
//
// # Events
//
// Copying the events to the live board comes after the commit and may be
// repeated: an event counts as copied only when the board has it.
package missionsdb
