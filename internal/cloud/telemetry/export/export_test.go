package export

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"

	"example.com/missionpot/internal/cloud/config"
)

func TestWithNothingSetNothingIsStarted(t *testing.T) {
	t.Parallel()
	var s config.Telemetry
	if err := config.LoadFrom(t.Context(), &s, map[string]string{}); err != nil {
		t.Fatal(err)
	}
	e, err := Start(t.Context(), s, Program{Name: "test"})
	if err != nil || e.metrics != nil || e.traces != nil {
		t.Errorf("started %+v, %v, want nothing", e, err)
	}
}

func TestAnExporterThatIsNotBuiltInIsRefusedByItsVariable(t *testing.T) {
	t.Parallel()
	for variable, s := range map[string]config.Telemetry{
		"OTEL_METRICS_EXPORTER":       {Metrics: "statsd", Traces: "none", Protocol: "grpc"},
		"OTEL_TRACES_EXPORTER":        {Metrics: "none", Traces: "zipkin", Protocol: "grpc"},
		"OTEL_EXPORTER_OTLP_PROTOCOL": {Metrics: "otlp", Traces: "none", Protocol: "http/json"},
	} {
		if _, err := Start(t.Context(), s, Program{Name: "test"}); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("error is %v, want one that names %s", err, variable)
		}
	}
}

// kept is a collector that stores the names of what it receives.
type kept struct {
	collector.UnimplementedMetricsServiceServer
	mu    sync.Mutex
	names []string
}

func (k *kept) Export(_ context.Context, r *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, resource := range r.ResourceMetrics {
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				k.names = append(k.names, m.Name)
			}
		}
	}
	return &collector.ExportMetricsServiceResponse{}, nil
}

func (k *kept) has(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Contains(k.names, name)
}

// Not parallel: it sets the process's own provider and environment, as a program does.
func TestARequestSendsWhatWasMeasuredToTheCollectorOfTheEnvironment(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, received := grpc.NewServer(), &kept{}
	collector.RegisterMetricsServiceServer(server, received)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("OTEL_METRICS_EXPORTER", "otlp")
	var s config.Telemetry
	if err := config.Load(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	e, err := Start(t.Context(), s, Program{Name: "test", OnRequest: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	handler := e.Handler(func(_ http.ResponseWriter, r *http.Request) {
		counter, _ := otel.Meter("test").Int64Counter("missionpot.test")
		counter.Add(r.Context(), 1)
	})
	handler(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
	if !received.has("missionpot.test") {
		t.Errorf("the collector has %v after the request, want missionpot.test in it", received.names)
	}
}

func TestOneRequestInTwentySecondsSends(t *testing.T) {
	t.Parallel()
	var l lastFlush
	start := time.Now()
	if !l.take(start) {
		t.Error("the first request does not send")
	}
	if l.take(start.Add(flushEvery - 1)) {
		t.Error("a request right before the time is up sends, want none")
	}
	if !l.take(start.Add(flushEvery)) {
		t.Error("the request after 20 seconds does not send")
	}
}

// captured stores the last export.
type captured struct {
	sdkmetric.Exporter
	last *metricdata.ResourceMetrics
}

func (c *captured) Export(_ context.Context, m *metricdata.ResourceMetrics) error {
	c.last = m
	return nil
}

// The queries of dashboards and alerts are written once and must work with both exporters.
func TestGoogleGetsTheNamesThatPrometheusScrapes(t *testing.T) {
	t.Parallel()
	page, err := servePrometheus(config.Telemetry{PrometheusHost: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer page.server.Close()
	sent := &captured{}
	manual := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(page.reader), sdkmetric.WithReader(manual)).Meter("test")
	measureOneOfEach(t, meter)

	var all metricdata.ResourceMetrics
	if err := manual.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if err := newPrometheusNames(sent).Export(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	scraped := scrape(t, page)
	for _, m := range sent.last.ScopeMetrics[0].Metrics {
		if !strings.Contains(scraped, "# TYPE "+m.Name+" ") {
			t.Errorf("%s was sent, but Prometheus scrapes\n%s", m.Name, scraped)
		}
	}
	if got := len(sent.last.ScopeMetrics[0].Metrics); got != 6 {
		t.Errorf("%d metrics were sent, want 6", got)
	}
	sum := sent.last.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64])
	if v, ok := sum.DataPoints[0].Attributes.Value("missionpot_bet_outcome"); !ok || v.AsString() != "held" {
		t.Errorf("the attributes are %v, want missionpot_bet_outcome", sum.DataPoints[0].Attributes)
	}
	original := all.ScopeMetrics[0].Metrics[0]
	if original.Name != "missionpot.bets" || !original.Data.(metricdata.Sum[int64]).DataPoints[0].Attributes.HasValue("missionpot.bet.outcome") {
		t.Error("the reader's own copy was renamed; it is used again")
	}
}

func measureOneOfEach(t *testing.T, meter metric.Meter) {
	t.Helper()
	ctx := t.Context()
	counter, err1 := meter.Int64Counter("missionpot.bets", metric.WithUnit("{bet}"))
	counter.Add(ctx, 1, metric.WithAttributes(attribute.String("missionpot.bet.outcome", "held")))
	seconds, err2 := meter.Float64Counter("missionpot.wait", metric.WithUnit("s"))
	seconds.Add(ctx, 1)
	gauge, err3 := meter.Int64Gauge("missionpot.cash", metric.WithUnit("{won}"))
	gauge.Record(ctx, 1)
	age, err4 := meter.Float64Gauge("missionpot.age", metric.WithUnit("s"))
	age.Record(ctx, 1)
	clients, err5 := meter.Int64UpDownCounter("missionpot.clients", metric.WithUnit("{client}"))
	clients.Add(ctx, 1)
	duration, err6 := meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"))
	duration.Record(ctx, 1)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
}

func scrape(t *testing.T, p *page) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	p.server.Handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("scrape: %d, %v", recorder.Code, err)
	}
	return string(text)
}

func TestOnlyGooglesOwnEndpointsGetGooglesCredentials(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{
		"https://telemetry.googleapis.com":             true,
		"https://telemetry.googleapis.com:443":         true,
		"https://collector.example.com/googleapis.com": false,
		"https://googleapis.com.example.com":           false,
		"":                                             false,
	} {
		if got := toGoogle(config.Telemetry{Endpoint: endpoint}); got != want {
			t.Errorf("%q is Google's: %t, want %t", endpoint, got, want)
		}
	}
}
