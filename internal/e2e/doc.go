// Package e2e holds the tests of the whole house: the API and the functions as
// processes of their own, on real Postgres servers and Google's emulators,
// used as anybody would use them, through HTTP.
//
// It exists because the other packages test their own promise each, and a
// promise can be kept on both sides of a gap. Here nothing of the API is
// imported: the client is written from the REST contract, and every answer is
// checked against the OpenAPI document that the API serves. The faults are real
// too: processes are killed with SIGKILL while a proxy holds their messages back.
//
// The programs are built without the race detector, as they are deployed; the
// packages' own tests run with it.
package e2e
