// Package pipeline holds the tests of the steps together: the real steps on
// real databases, with the messages between them in the hands of the test,
// which delivers them late, twice, in any order or not at all. No program
// imports it.
package pipeline
