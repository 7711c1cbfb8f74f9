package export

import (
	"context"
	"fmt"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// prometheusNames sends metrics under the names that a scrape by Prometheus would give them:
// http.server.request.duration in seconds becomes http_server_request_duration_seconds.
//
// Google's endpoint does not change names, and a query needs quotes and braces around a dot. With
// this translation the same PromQL works there and on a Prometheus that scrapes. The Prometheus
// exporter's library translates.
type prometheusNames struct {
	sdkmetric.Exporter
	metric otlptranslator.MetricNamer
	label  otlptranslator.LabelNamer
}

func newPrometheusNames(to sdkmetric.Exporter) *prometheusNames {
	return &prometheusNames{Exporter: to, metric: otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)}
}

// Export sends a renamed copy: the reader uses its own again.
func (n *prometheusNames) Export(ctx context.Context, measured *metricdata.ResourceMetrics) error {
	renamed := metricdata.ResourceMetrics{Resource: measured.Resource}
	for _, scope := range measured.ScopeMetrics {
		to := metricdata.ScopeMetrics{Scope: scope.Scope}
		for _, m := range scope.Metrics {
			m, err := n.rename(m)
			if err != nil {
				return fmt.Errorf("name the metric %s: %w", m.Name, err)
			}
			to.Metrics = append(to.Metrics, m)
		}
		renamed.ScopeMetrics = append(renamed.ScopeMetrics, to)
	}
	return n.Exporter.Export(ctx, &renamed)
}

func (n *prometheusNames) rename(m metricdata.Metrics) (_ metricdata.Metrics, err error) {
	var kind otlptranslator.MetricType = otlptranslator.MetricTypeGauge
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		data.DataPoints = points(n, data.DataPoints, dataPoint[int64], &err)
		m.Data = data
	case metricdata.Gauge[float64]:
		data.DataPoints = points(n, data.DataPoints, dataPoint[float64], &err)
		m.Data = data
	case metricdata.Sum[int64]:
		kind = sumKind(data.IsMonotonic)
		data.DataPoints = points(n, data.DataPoints, dataPoint[int64], &err)
		m.Data = data
	case metricdata.Sum[float64]:
		kind = sumKind(data.IsMonotonic)
		data.DataPoints = points(n, data.DataPoints, dataPoint[float64], &err)
		m.Data = data
	case metricdata.Histogram[int64]:
		kind = otlptranslator.MetricTypeHistogram
		data.DataPoints = points(n, data.DataPoints, histogramPoint[int64], &err)
		m.Data = data
	case metricdata.Histogram[float64]:
		kind = otlptranslator.MetricTypeHistogram
		data.DataPoints = points(n, data.DataPoints, histogramPoint[float64], &err)
		m.Data = data
	}
	if err != nil {
		return m, err
	}
	name, err := n.metric.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: kind})
	if err != nil {
		return m, err
	}
	m.Name = name
	return m, nil
}

func sumKind(monotonic bool) otlptranslator.MetricType {
	if monotonic {
		return otlptranslator.MetricTypeMonotonicCounter
	}
	return otlptranslator.MetricTypeNonMonotonicCounter
}

// points copies data points, each with its attributes renamed.
func points[P any](n *prometheusNames, from []P, attributes func(*P) *attribute.Set, failed *error) []P {
	to := make([]P, len(from))
	for i, p := range from {
		set := attributes(&p)
		renamed, err := n.attributes(*set)
		if err != nil {
			*failed = err
		}
		*set = renamed
		to[i] = p
	}
	return to
}

func dataPoint[N int64 | float64](p *metricdata.DataPoint[N]) *attribute.Set { return &p.Attributes }

func histogramPoint[N int64 | float64](p *metricdata.HistogramDataPoint[N]) *attribute.Set {
	return &p.Attributes
}

func (n *prometheusNames) attributes(set attribute.Set) (attribute.Set, error) {
	all := set.ToSlice()
	for i, a := range all {
		label, err := n.label.Build(string(a.Key))
		if err != nil {
			return set, fmt.Errorf("name the label %s: %w", a.Key, err)
		}
		all[i].Key = attribute.Key(label)
	}
	return attribute.NewSet(all...), nil
}
