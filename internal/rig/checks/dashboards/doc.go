// Package dashboards tests that dashboards and alerts have data: it starts the system, plays some
// missions, scrapes it with a real Prometheus and runs every query of every dashboard and alert in
// terraform/modules/monitoring.
//
// It exists because a broken dashboard shows no error. A renamed metric leaves an empty chart, and
// an alert on it never fires. Here both fail a test.
package dashboards
