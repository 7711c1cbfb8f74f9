package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// dashboardFolder is where the dashboards of Google Cloud are kept, from the module's root.
const dashboardFolder = "terraform/modules/monitoring/dashboards"

// dashboards are the page and the Prometheus it is drawn from.
type dashboards struct {
	server     *http.Server
	prometheus *stand.Prometheus // nil where none is installed
}

// startDashboards serves the dashboards of the running system. A machine without
// Prometheus gets a page that says what to install, and all the rest of the stand.
func startDashboards(ctx context.Context, t *terminal, o options, module string, system *stand.System) (*dashboards, error) {
	start := time.Now()
	d := &dashboards{}
	address := ""
	binary, without := stand.FindPrometheus()
	if without == nil {
		var err error
		d.prometheus, err = stand.StartPrometheus(ctx, stand.PrometheusConfig{Binary: binary, Dir: o.dir, Targets: system.Scraped()})
		if err != nil {
			return nil, err
		}
		address = d.prometheus.URL()
	}
	handler, err := stand.NewDashboards(os.DirFS(filepath.Join(module, dashboardFolder)), address, without)
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.dashboards)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dashboards: %w", err), d.stop())
	}
	d.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	go func() {
		// It ends with ErrServerClosed, by stop; nothing else closes the listener.
		_ = d.server.Serve(listener)
	}()
	if without != nil {
		t.trouble("no dashboards: " + without.Error())
		return d, nil
	}
	t.ready("Prometheus and dashboards", time.Since(start))
	return d, nil
}

func (o options) dashboardsURL() string {
	if o.dashboards == 0 {
		return "none, by -dashboards-port 0"
	}
	return "http://127.0.0.1:" + strconv.Itoa(o.dashboards)
}

func (d *dashboards) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var errs []error
	if d.server != nil {
		errs = append(errs, d.server.Close())
	}
	if d.prometheus != nil {
		errs = append(errs, d.prometheus.Stop(ctx))
	}
	return errors.Join(errs...)
}
