package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"example.com/missionpot/internal/cloud/config"
)

// Values of OTEL_METRICS_EXPORTER and OTEL_TRACES_EXPORTER.
const (
	exporterNone       = "none"
	exporterOTLP       = "otlp"
	exporterPrometheus = "prometheus"
)

// never is the period of a reader that exports only on request.
const never = 365 * 24 * time.Hour

// Program describes the program that is measured.
type Program struct {
	Name    string // service.name, unless the environment says otherwise
	Project string // Google Cloud project id
	OnCloud bool   // whether it runs on Google Cloud, whose metadata server has the rest
	// OnRequest exports at the end of requests instead of in the background, for
	// a function, whose processor stops between them. See Handler.
	OnRequest bool
}

// Export sends a program's measurements. Without settings it does nothing, at no cost.
type Export struct {
	metrics *sdkmetric.MeterProvider
	traces  *sdktrace.TracerProvider
	closers []func(context.Context) error
	last    lastFlush
}

// Start installs the exporters of the settings behind OpenTelemetry's API. On Google Cloud it asks
// the metadata server about the program, which takes milliseconds; nothing else uses the network
// before the first export.
func Start(ctx context.Context, s config.Telemetry, p Program) (*Export, error) {
	e := &Export{}
	if s.Disabled || s.Metrics == exporterNone && s.Traces == exporterNone {
		return e, nil
	}
	if s.Protocol != "grpc" {
		return nil, fmt.Errorf("settings: OTEL_EXPORTER_OTLP_PROTOCOL: %q is not built in, only grpc", s.Protocol)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		slog.Warn("telemetry not sent", "error", err)
	}))
	about, err := describe(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(e.startMetrics(ctx, s, p, about), e.startTraces(ctx, s, about)); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

func (e *Export) startMetrics(ctx context.Context, s config.Telemetry, p Program, about *resource.Resource) error {
	var reader sdkmetric.Reader
	switch s.Metrics {
	case exporterNone:
		return nil
	case exporterOTLP:
		exporter, err := otlpMetrics(ctx, s)
		if err != nil {
			return fmt.Errorf("open the metric exporter: %w", err)
		}
		var options []sdkmetric.PeriodicReaderOption // the period is OTEL_METRIC_EXPORT_INTERVAL
		if p.OnRequest {
			options = append(options, sdkmetric.WithInterval(never))
		}
		reader = sdkmetric.NewPeriodicReader(exporter, options...)
	case exporterPrometheus:
		page, err := servePrometheus(s)
		if err != nil {
			return err
		}
		e.closers = append(e.closers, page.close)
		reader = page.reader
	default:
		return fmt.Errorf("settings: OTEL_METRICS_EXPORTER: there is no %q, only otlp, prometheus and none", s.Metrics)
	}
	e.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))
	e.closers = append(e.closers, e.metrics.Shutdown)
	otel.SetMeterProvider(e.metrics)
	if err := runtime.Start(); err != nil {
		return fmt.Errorf("measure the Go runtime: %w", err)
	}
	return nil
}

func (e *Export) startTraces(ctx context.Context, s config.Telemetry, about *resource.Resource) error {
	switch s.Traces {
	case exporterNone:
		return nil
	case exporterOTLP:
		exporter, err := otlpTraces(ctx, s)
		if err != nil {
			return fmt.Errorf("open the trace exporter: %w", err)
		}
		e.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
		e.closers = append(e.closers, e.traces.Shutdown)
		otel.SetTracerProvider(e.traces)
		return nil
	}
	return fmt.Errorf("settings: OTEL_TRACES_EXPORTER: there is no %q, only otlp and none", s.Traces)
}

// Flush sends the measurements so far.
func (e *Export) Flush(ctx context.Context) error {
	var errs []error
	if e.metrics != nil {
		errs = append(errs, e.metrics.ForceFlush(ctx))
	}
	if e.traces != nil {
		errs = append(errs, e.traces.ForceFlush(ctx))
	}
	return errors.Join(errs...)
}

// Close sends what is left and ends the exporters.
func (e *Export) Close(ctx context.Context) error {
	var errs []error
	for _, closeIt := range e.closers {
		errs = append(errs, closeIt(ctx))
	}
	e.closers = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the telemetry: %w", err)
	}
	return nil
}
