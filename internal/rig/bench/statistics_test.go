package bench

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestARowIsComparedWithTheBestOfItsBaselinesByTheMedian(t *testing.T) {
	t.Parallel()
	row := Row{Name: "r", Value: "new", Baseline: []string{"few", "many"}, Goal: Goal{AtLeast: 4}}
	rounds := []Figures{
		{"new": 100, "few": 20, "many": 50}, // a lucky round of the worse one
		{"new": 120, "few": 30, "many": 10},
		{"new": 90, "few": 30, "many": 12},
	}
	r := row.result(rounds)
	if r.Against != "few" || r.Value != 100 || *r.Baseline != 30 || *r.Ratio != 4 || r.Min != 3 || r.Max != 5 || !*r.Met {
		t.Errorf("got %+v with baseline %v, ratio %v, met %v; want 100 against few, 30, ratios 3 to 5 with the median 4, met", r, *r.Baseline, *r.Ratio, *r.Met)
	}
}

func TestASpeedupInvertsTheRatio(t *testing.T) {
	t.Parallel()
	rounds := []Figures{{"new": 10, "plain": 40}}
	row := Row{Value: "new", Baseline: []string{"plain"}, Goal: Goal{AtMost: 0.2}}
	if r := row.result(rounds); r.Against != "plain" || *r.Ratio != 0.25 || *r.Met {
		t.Errorf("got %+v, ratio %v, want 0.25 of plain, missed", r, *r.Ratio)
	}
	row.Speedup = true
	if r := row.result(rounds); *r.Ratio != 4 {
		t.Errorf("the speedup is %v, want 4", *r.Ratio)
	}
}

func TestARowWithoutABaselineIsJudgedByItsValue(t *testing.T) {
	t.Parallel()
	r := Row{Value: "p99", Goal: Goal{AtMost: 2}}.result([]Figures{{"p99": 1}, {"p99": 3}, {"p99": 2}})
	if r.Baseline != nil || r.Ratio != nil || r.Value != 2 || r.Min != 1 || r.Max != 3 || !*r.Met {
		t.Errorf("got %+v, want the median 2 of 1 to 3 and no ratio, met", r)
	}
}

func TestNamesOfExperimentsAndRowsAreUnique(t *testing.T) {
	t.Parallel()
	rows, experiments := map[string]bool{}, map[string]bool{}
	for _, e := range Experiments() {
		if experiments[e.Name] {
			t.Errorf("two experiments are called %s", e.Name)
		}
		experiments[e.Name] = true
		for _, r := range e.Rows {
			if rows[r.Name] || r.What == "" || r.Unit == "" || r.Value == "" {
				t.Errorf("row %q of %s occurs twice, or has no description, unit or figure", r.Name, e.Name)
			}
			rows[r.Name] = true
		}
	}
}

func TestAQuantileIsATimeThatWasTaken(t *testing.T) {
	t.Parallel()
	times := []time.Duration{5, 1, 4, 2, 3}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(times, q); got != want {
			t.Errorf("the quantile %v is %d, want %d", q, got, want)
		}
	}
}

func TestTheTableSaysWhatWasMissedAndTheJSONHasEveryFigure(t *testing.T) {
	t.Parallel()
	results := []Result{
		Row{Name: "hold", Unit: "bets/s", Value: "a", Baseline: []string{"b"}, Goal: Goal{AtLeast: 15}}.result([]Figures{{"a": 50_000, "b": 5_000}}),
		Row{Name: "memory", Unit: "KiB", Value: "m"}.result([]Figures{{"m": 12.34}}),
	}
	var table, text bytes.Buffer
	if err := WriteTable(&table, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hold", "50000", "10.0", "≥ 15.0", "MISSED", "12.3"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
	if err := WriteJSON(&text, "quick", results); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Scale string
		Rows  []map[string]any
	}
	if err := json.Unmarshal(text.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "value", "unit", "baseline", "ratio", "min", "max"} {
		if _, there := read.Rows[0][key]; !there {
			t.Errorf("a row of the JSON has no %q", key)
		}
	}
	if read.Scale != "quick" || read.Rows[1]["ratio"] != nil {
		t.Errorf("got %+v, want the scale, and no ratio for a row without a baseline", read)
	}
}
