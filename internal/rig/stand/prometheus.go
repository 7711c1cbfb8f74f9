package stand

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoPrometheus says that this machine has no Prometheus. All but the
// dashboards works without.
var ErrNoPrometheus = errors.New("Prometheus is not installed; `run/local/prepare prometheus` installs it or says how")

// FindPrometheus returns the path of the program, or ErrNoPrometheus.
func FindPrometheus() (string, error) {
	found, err := exec.LookPath("prometheus")
	if err != nil {
		return "", ErrNoPrometheus
	}
	return found, nil
}

// PrometheusConfig describes one Prometheus.
type PrometheusConfig struct {
	Binary  string
	Dir     string            // of its data, which is forgotten at each start, and its log
	Targets map[string]string // host:port by job
}

// Prometheus is a server that scrapes the system's programs.
type Prometheus struct {
	*Process
	port int
}

// scrapeConfig is Prometheus's own file format, YAML. A second between scrapes
// lets a person see at once what they did.
const scrapeConfig = `global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
`

// StartPrometheus starts a Prometheus and waits until it answers queries.
func StartPrometheus(ctx context.Context, cfg PrometheusConfig) (*Prometheus, error) {
	data, settings := filepath.Join(cfg.Dir, "prometheus"), filepath.Join(cfg.Dir, "prometheus.yml")
	if err := errors.Join(os.RemoveAll(data), os.MkdirAll(data, 0o755)); err != nil {
		return nil, err
	}
	var text strings.Builder
	text.WriteString(scrapeConfig)
	for job, target := range cfg.Targets {
		fmt.Fprintf(&text, "  - job_name: %q\n    static_configs: [{targets: [%q]}]\n", job, target)
	}
	if err := os.WriteFile(settings, []byte(text.String()), 0o644); err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	p := &Prometheus{port: port}
	p.Process, err = startReady(ctx, Program{
		Name: "Prometheus", Path: cfg.Binary, LogFile: filepath.Join(cfg.Dir, "prometheus.log"),
		Args: []string{"--config.file=" + settings, "--storage.tsdb.path=" + data, "--web.listen-address=" + address(port)},
	}, func(ctx context.Context) error { return probeHTTP(ctx, p.URL()+"/-/ready", http.StatusOK) })
	if err != nil {
		return nil, err
	}
	return p, nil
}

// URL is the server's address, without a slash at the end.
func (p *Prometheus) URL() string { return "http://" + address(p.port) }

// gaugesPeriod is how often the stand reads its gauges: an empty database is read
// in no time, and nobody wants to wait a minute to see the books.
const gaugesPeriod = "2s"

// measuring are the settings by which a program serves its metrics.
func measuring(name string, port int) []string {
	return []string{
		"OTEL_SERVICE_NAME=" + name, "OTEL_METRICS_EXPORTER=prometheus",
		"OTEL_EXPORTER_PROMETHEUS_HOST=" + loopback, "OTEL_EXPORTER_PROMETHEUS_PORT=" + strconv.Itoa(port),
		"GAUGES_PERIOD=" + gaugesPeriod, "BOOKS_PERIOD=" + gaugesPeriod,
	}
}
