package stand

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func serveDashboards(t *testing.T, prometheus string, without error) *httptest.Server {
	t.Helper()
	files := fstest.MapFS{"money.json": {Data: []byte(`{"displayName": "the money"}`)}, "README.md": {Data: []byte("#")}}
	handler, err := NewDashboards(files, prometheus, without)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func read(t *testing.T, url string) (status int, text string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestThePageLoadsNothingFromAnotherHost(t *testing.T) {
	t.Parallel()
	status, page := read(t, serveDashboards(t, "", ErrNoPrometheus).URL)
	if status != http.StatusOK || strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), "//www.") || strings.Contains(page, "src=") {
		t.Errorf("the page answers %d and may name another host", status)
	}
}

func TestTheDashboardsAreTheFilesAndWithoutPrometheusTheySayWhatToInstall(t *testing.T) {
	t.Parallel()
	_, got := read(t, serveDashboards(t, "", ErrNoPrometheus).URL+"/dashboards")
	want := `{"missing":"` + ErrNoPrometheus.Error() + `","dashboards":[{"name":"money","definition":{"displayName":"the money"}}]}` + "\n"
	if got != want {
		t.Errorf("dashboards are %s, want %s", got, want)
	}
}

func TestOnlyQueriesGoThroughToPrometheus(t *testing.T) {
	t.Parallel()
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.String()) }))
	t.Cleanup(prometheus.Close)
	page := serveDashboards(t, prometheus.URL, nil)
	if _, got := read(t, page.URL+"/api/v1/query_range?query=up"); got != "/api/v1/query_range?query=up" {
		t.Errorf("a query came to Prometheus as %q", got)
	}
	for _, other := range []string{"/api/v1/admin/tsdb/delete_series", "/-/quit", "/config"} {
		if status, _ := read(t, page.URL+other); status != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", other, status)
		}
	}
}
