// Package export sends what the programs measure: traces and metrics, by OTLP to
// a collector or to Google Cloud, or as a page for Prometheus to scrape. Only
// the standard environment variables of OpenTelemetry turn it, and with nothing
// set it does nothing.
//
// The instruments live with the features they measure and use OpenTelemetry's
// API alone; this package is what programs put behind that API when they start.
// It is apart from telemetry so that adapters don't carry the SDK.
//
// The exporters are chosen here and not by OpenTelemetry's autoexport, which
// can't present Google's credentials and links every exporter there is into
// every cold start.
package export
