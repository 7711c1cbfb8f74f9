// Package indexes holds the test that compares the queries of the code with the
// Firestore indexes that Terraform declares. It needs the emulator.
package indexes
