package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"example.com/missionpot/internal/cloud/config"
)

// scrapeTime bounds reading and answering one scrape.
const scrapeTime = 10 * time.Second

// page is the page that Prometheus scrapes, on a port of its own because the API's port is public.
type page struct {
	reader sdkmetric.Reader
	server *http.Server
}

func servePrometheus(s config.Telemetry) (*page, error) {
	registry := prometheus.NewRegistry()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("open the Prometheus exporter: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(s.PrometheusHost, strconv.Itoa(int(s.PrometheusPort))))
	if err != nil {
		return nil, fmt.Errorf("listen for Prometheus: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Timeout: scrapeTime}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: scrapeTime, ReadTimeout: scrapeTime}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the page for Prometheus ended", "error", err)
		}
	}()
	return &page{reader: reader, server: server}, nil
}

// close ends the page. It drops a scrape in progress: Prometheus will scrape again.
func (p *page) close(context.Context) error { return p.server.Close() }
