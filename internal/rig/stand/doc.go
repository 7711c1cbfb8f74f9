// Package stand is Missionpot's local stand: it finds, starts and stops the real
// parts the system runs on (two Postgres servers, Google's Firestore and Pub/Sub
// emulators), and stands in for what only Google Cloud has: push delivery and the
// scheduler. Package mailbox stands in for SendGrid.
//
// It exists so that one machine runs the same code as the cloud, against the same
// kinds of servers, and so that tests need no mocks. Everything listens on
// 127.0.0.1 only. Nothing here is imported by a service that runs in the cloud.
package stand
