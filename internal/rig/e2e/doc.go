// Package e2e holds the tests of the whole system: the API and the functions as processes of their
// own, on real Postgres servers and Google's emulators, used through HTTP as any client would.
//
// It exists because each of the other packages tests its own part, and two correct parts can still
// not fit together. Here nothing of the API is imported: the client is written from the REST
// contract, and every call, its request and its answer, is checked against the OpenAPI document
// that the API serves. The faults are real too: processes are killed with SIGKILL while a proxy
// blocks their messages.
//
// The programs are built without the race detector, as they are deployed; the
// packages' own tests run with it.
package e2e
