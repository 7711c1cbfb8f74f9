package dashboards_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
)

// prometheus is a client of a Prometheus server.
type prometheus struct{ url string }

// sample is one series of an answer, at one moment.
type sample struct {
	labels map[string]string
	value  float64
}

// ask runs a query. An error comes from Prometheus: the query does not parse, or can't be run.
func (p prometheus) ask(ctx context.Context, promQL string) ([]sample, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/query?"+url.Values{"query": {promQL}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s: %s", promQL, answer.Error)
	}
	if answer.Data.ResultType != "vector" {
		return nil, fmt.Errorf("%s: the answer is a %s, want a vector", promQL, answer.Data.ResultType)
	}
	var series []struct {
		Metric map[string]string
		Value  [2]any // seconds, number as text
	}
	if err := json.Unmarshal(answer.Data.Result, &series); err != nil {
		return nil, err
	}
	samples := make([]sample, len(series))
	for i, s := range series {
		number, _ := s.Value[1].(string)
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, err
		}
		samples[i] = sample{s.Metric, value}
	}
	return samples, nil
}

// data runs a query that must return numbers.
func (p prometheus) data(ctx context.Context, promQL string) error {
	samples, err := p.ask(ctx, promQL)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(samples, func(s sample) bool { return !math.IsNaN(s.value) && !math.IsInf(s.value, 0) }) {
		return nil
	}
	return fmt.Errorf("%s: no data", promQL)
}

// drawn checks a dashboard's query: it returns numbers, and everything it names exists.
func (p prometheus) drawn(ctx context.Context, promQL string) error {
	return errors.Join(p.data(ctx, promQL), p.named(ctx, promQL))
}

// watched checks an alert's query. While nothing is wrong it returns nothing, so the left side of
// every comparison must return numbers. Under absent() every named series must exist.
func (p prometheus) watched(ctx context.Context, promQL string) error {
	if _, err := p.ask(ctx, promQL); err != nil {
		return err
	}
	expression, err := metricsql.Parse(promQL)
	if err != nil {
		return err
	}
	var errs []error
	found := false
	metricsql.VisitAll(expression, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.BinaryOpExpr:
			if metricsql.IsBinaryOpCmp(e.Op) {
				found = true
				errs = append(errs, p.data(ctx, text(e.Left)))
			}
		case *metricsql.FuncExpr:
			if e.Name == "absent" {
				found = true
				errs = append(errs, p.data(ctx, text(e.Args[0])))
			}
		}
	})
	if !found {
		errs = append(errs, fmt.Errorf("%s: compares nothing, so it would always fire", promQL))
	}
	return errors.Join(append(errs, p.named(ctx, promQL))...)
}

// named checks that every metric of a query is emitted, with every label that the query matches or
// groups by. Label values are not checked: no answer of a healthy system has the status 5xx.
func (p prometheus) named(ctx context.Context, promQL string) error {
	expression, err := metricsql.Parse(promQL)
	if err != nil {
		return err
	}
	var errs []error
	metricsql.VisitAll(expression, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			errs = append(errs, p.emitted(ctx, e, nil))
		case *metricsql.AggrFuncExpr:
			for _, m := range metricsIn(e) {
				errs = append(errs, p.emitted(ctx, m, e.Modifier.Args))
			}
		}
	})
	return errors.Join(errs...)
}

// emitted checks one metric of a query and labels that it is grouped by.
func (p prometheus) emitted(ctx context.Context, m *metricsql.MetricExpr, grouped []string) error {
	for _, filters := range m.LabelFilterss {
		name, matchers := "", []string{}
		for _, f := range filters {
			if f.Label == "__name__" {
				name = f.Value
				continue
			}
			grouped = append(grouped, f.Label)
		}
		for _, label := range grouped {
			matchers = append(matchers, label+`!=""`)
		}
		if err := p.data(ctx, name+"{"+strings.Join(matchers, ",")+"}"); err != nil {
			return fmt.Errorf("the code emits no such metric: %w", err)
		}
	}
	return nil
}

func metricsIn(e metricsql.Expr) (all []*metricsql.MetricExpr) {
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			all = append(all, m)
		}
	})
	return all
}

func text(e metricsql.Expr) string { return string(e.AppendString(nil)) }
