package dashboards_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/monitoring/apiv3/v2/monitoringpb"
	"cloud.google.com/go/monitoring/dashboard/apiv1/dashboardpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

const (
	root      = "../../../../"
	folder    = root + "terraform/modules/monitoring/"
	playbooks = "docs/operating/playbooks/"
)

// query is one PromQL query with its place in the files.
type query struct{ where, promQL string }

// definitions reads every file of a kind into Google's own message, strictly: a
// field that Google does not know is an error.
func definitions[M any, P interface {
	*M
	proto.Message
}](t *testing.T, kind string) map[string]P {
	t.Helper()
	files, err := filepath.Glob(folder + kind + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", kind, folder, err)
	}
	read := map[string]P{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		message := P(new(M))
		if err := protojson.Unmarshal(text, message); err != nil {
			t.Errorf("%s is not valid for Cloud Monitoring: %v", file, err)
		}
		read[strings.TrimSuffix(filepath.Base(file), ".json")] = message
	}
	return read
}

func dashboards(t *testing.T) map[string]*dashboardpb.Dashboard {
	return definitions[dashboardpb.Dashboard](t, "dashboards")
}

func alerts(t *testing.T) map[string]*monitoringpb.AlertPolicy {
	return definitions[monitoringpb.AlertPolicy](t, "alerts")
}

// dashboardQueries returns the queries of every chart and scorecard.
func dashboardQueries(t *testing.T) (all []query) {
	t.Helper()
	for name, d := range dashboards(t) {
		for _, tile := range d.GetMosaicLayout().GetTiles() {
			where := name + ": " + tile.Widget.Title
			sources := []*dashboardpb.TimeSeriesQuery{tile.Widget.GetScorecard().GetTimeSeriesQuery()}
			for _, set := range tile.Widget.GetXyChart().GetDataSets() {
				sources = append(sources, set.TimeSeriesQuery)
			}
			found := false
			for _, source := range sources {
				if q := source.GetPrometheusQuery(); q != "" {
					all, found = append(all, query{where, q}), true
				}
			}
			if !found {
				t.Errorf("%s has no PromQL query", where)
			}
		}
	}
	return all
}

// alertQueries returns the queries of every condition.
func alertQueries(t *testing.T) (all []query) {
	t.Helper()
	for name, policy := range alerts(t) {
		for _, c := range policy.Conditions {
			q := c.GetConditionPrometheusQueryLanguage().GetQuery()
			if q == "" {
				t.Errorf("alert %s: %q has no PromQL", name, c.DisplayName)
			}
			all = append(all, query{name + ": " + c.DisplayName, q})
		}
	}
	return all
}

func TestDashboardsAndAlertsAreValidForCloudMonitoring(t *testing.T) {
	t.Parallel()
	for name, d := range dashboards(t) {
		if d.DisplayName == "" || d.GetMosaicLayout().GetColumns() != 48 {
			t.Errorf("dashboard %s has no title or not the 48 columns of a mosaic", name)
		}
		for _, tile := range d.GetMosaicLayout().GetTiles() {
			if tile.Width < 1 || tile.Height < 1 || tile.XPos+tile.Width > 48 {
				t.Errorf("dashboard %s: the tile %q does not fit", name, tile.Widget.Title)
			}
		}
	}
	for name, policy := range alerts(t) {
		if policy.DisplayName == "" || len(policy.Conditions) == 0 || policy.Severity == 0 || policy.Combiner == 0 {
			t.Errorf("alert %s lacks a title, a condition, a severity or a combiner", name)
		}
	}
}

func TestEveryAlertNamesItsPlaybook(t *testing.T) {
	t.Parallel()
	for name, policy := range alerts(t) {
		file := playbooks + name + ".md"
		if !strings.Contains(policy.GetDocumentation().GetContent(), file) {
			t.Errorf("alert %s does not name %s", name, file)
		}
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, heading := range []string{"## What it means", "## Look", "## Do"} {
			if !strings.Contains(string(text), heading+"\n") {
				t.Errorf("%s has no part %q", file, heading)
			}
		}
	}
}
