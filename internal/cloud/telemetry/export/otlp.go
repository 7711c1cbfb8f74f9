package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/detectors/gcp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/oauth"

	"example.com/missionpot/internal/cloud/config"
)

// cloudScope allows a token everything that its account may do.
const cloudScope = "https://www.googleapis.com/auth/cloud-platform"

// projectAttribute names the project that telemetry.googleapis.com writes to:
// https://cloud.google.com/stackdriver/docs/reference/telemetry/overview
const projectAttribute = "gcp.project_id"

// describe returns the resource that describes the program. Google's endpoint refuses points
// without an instance and a region, and reads the instance from service.instance.id.
func describe(ctx context.Context, p Program) (*resource.Resource, error) {
	options := []resource.Option{
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(p.Name), semconv.ServiceInstanceID(uuid.NewString())),
	}
	if p.OnCloud {
		options = append(options, resource.WithDetectors(gcp.NewDetector()),
			resource.WithAttributes(attribute.String(projectAttribute, p.Project)))
	}
	about, err := resource.New(ctx, append(options, resource.WithFromEnv())...)
	if errors.Is(err, resource.ErrPartialResource) || errors.Is(err, resource.ErrSchemaURLConflict) {
		slog.WarnContext(ctx, "the telemetry's origin is known in part", "error", err)
		return about, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe the program: %w", err)
	}
	return about, nil
}

// toGoogle reports whether the endpoint is one of Google's own.
func toGoogle(s config.Telemetry) bool {
	endpoint, err := url.Parse(s.Endpoint)
	return err == nil && strings.HasSuffix(endpoint.Hostname(), ".googleapis.com")
}

func otlpMetrics(ctx context.Context, s config.Telemetry) (sdkmetric.Exporter, error) {
	if !toGoogle(s) {
		return otlpmetricgrpc.New(ctx)
	}
	identity, err := googleIdentity(ctx)
	if err != nil {
		return nil, err
	}
	exporter, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithDialOption(identity))
	if err != nil {
		return nil, err
	}
	return newPrometheusNames(exporter), nil
}

func otlpTraces(ctx context.Context, s config.Telemetry) (sdktrace.SpanExporter, error) {
	if !toGoogle(s) {
		return otlptracegrpc.New(ctx)
	}
	identity, err := googleIdentity(ctx)
	if err != nil {
		return nil, err
	}
	return otlptracegrpc.New(ctx, otlptracegrpc.WithDialOption(identity))
}

// googleIdentity makes each call as the program's own service account.
func googleIdentity(ctx context.Context) (grpc.DialOption, error) {
	credentials, err := oauth.NewApplicationDefault(ctx, cloudScope)
	if err != nil {
		return nil, fmt.Errorf("find the program's Google credentials: %w", err)
	}
	return grpc.WithPerRPCCredentials(credentials), nil
}
