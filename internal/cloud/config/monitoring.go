package config

import "time"

// Telemetry configures where traces and metrics go, only by the standard variables of
// OpenTelemetry; the SDK and its OTLP exporters read more of them themselves, such as
// OTEL_TRACES_SAMPLER. With none set, nothing is sent.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
type Telemetry struct {
	Disabled       bool   `env:"OTEL_SDK_DISABLED"`
	Metrics        string `env:"OTEL_METRICS_EXPORTER, default=none"` // otlp, prometheus or none
	Traces         string `env:"OTEL_TRACES_EXPORTER, default=none"`  // otlp or none
	Endpoint       string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	Protocol       string `env:"OTEL_EXPORTER_OTLP_PROTOCOL, default=grpc"`
	PrometheusHost string `env:"OTEL_EXPORTER_PROMETHEUS_HOST, default=localhost"`
	PrometheusPort uint16 `env:"OTEL_EXPORTER_PROMETHEUS_PORT, default=9464"`
}

// Gauges is how often a sweep reads the figures of its database that alerts use: sums over wallets
// and missions, and the age of unfinished work.
type Gauges struct {
	GaugesPeriod time.Duration `env:"GAUGES_PERIOD, default=60s"`
}
