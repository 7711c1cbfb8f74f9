// Package export sends what the programs measure: traces and metrics, by OTLP to a collector or to
// Google Cloud, or as a page for Prometheus to scrape. It is configured only by the standard
// environment variables of OpenTelemetry, and with none set it does nothing.
//
// The instruments are in the packages that they measure and use only OpenTelemetry's API; programs
// install this package behind that API when they start. It is separate from telemetry so that
// adapters don't import the SDK.
//
// The exporters are chosen here and not by OpenTelemetry's autoexport, which
// can't present Google's credentials and links every exporter there is into
// every cold start.
package export
