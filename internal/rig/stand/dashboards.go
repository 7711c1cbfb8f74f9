package stand

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

//go:embed dashboards_page.html
var dashboardsPage []byte

// dashboardsPolicy lets the page run its own script and talk to its own server,
// and nothing else.
const dashboardsPolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'"

// NewDashboards serves a page that draws the dashboards of a folder, which are
// Cloud Monitoring's JSON, from a Prometheus. The files are read at each load of
// the page, so that whoever edits one sees it. With an empty address the page
// says why nothing is drawn.
func NewDashboards(files fs.FS, prometheus string, without error) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", dashboardsPolicy)
		_, _ = w.Write(dashboardsPage) // a reader who left needs no answer
	})
	mux.HandleFunc("GET /dashboards", func(w http.ResponseWriter, _ *http.Request) {
		answer := dashboardsAnswer{}
		if without != nil {
			answer.Missing = without.Error()
		}
		var err error
		if answer.Dashboards, err = readDashboards(files); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			slog.Debug("the reader of the dashboards left", "error", err)
		}
	})
	if prometheus == "" {
		return mux, nil
	}
	target, err := url.Parse(prometheus)
	if err != nil {
		return nil, fmt.Errorf("the address of Prometheus: %w", err)
	}
	// Only queries: its other pages change things.
	mux.Handle("GET /api/v1/query_range", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	return mux, nil
}

// dashboardsAnswer is what the page is drawn from.
type dashboardsAnswer struct {
	Missing    string      `json:"missing,omitempty"` // why there is no data
	Dashboards []dashboard `json:"dashboards"`
}

type dashboard struct {
	Name       string          `json:"name"` // of its file
	Definition json.RawMessage `json:"definition"`
}

func readDashboards(files fs.FS) ([]dashboard, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	all := []dashboard{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if !json.Valid(text) {
			return nil, fmt.Errorf("%s is not JSON", name)
		}
		all = append(all, dashboard{Name: strings.TrimSuffix(name, ".json"), Definition: text})
	}
	return all, nil
}
