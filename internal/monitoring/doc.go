// Package monitoring holds the proof that what an on-call person is shown is
// there: it starts the system, lives some missions, scrapes it with a real
// Prometheus and runs every query of every dashboard and alert in
// terraform/modules/monitoring.
//
// It exists because a dashboard breaks in silence. A metric that was renamed
// leaves an empty chart, and an alert on it never fires. Here both fail a test.
package monitoring
