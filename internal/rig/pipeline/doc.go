// Package pipeline holds the tests of the steps together: the real steps on real databases. The
// test controls the messages between them and delivers them late, twice, in any order or not at
// all. No program imports it.
package pipeline
