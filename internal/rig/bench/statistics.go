package bench

import (
	"slices"
	"time"
)

// Result is a row with its figures, as the JSON shows it.
type Result struct {
	Name     string   `json:"name"`
	What     string   `json:"what"`
	Value    float64  `json:"value"` // median over the rounds
	Unit     string   `json:"unit"`
	Baseline *float64 `json:"baseline"` // median over the rounds; null if the row has no baseline
	Against  string   `json:"against,omitempty"`
	Ratio    *float64 `json:"ratio"` // median of the rounds' ratios
	Min      float64  `json:"min"`   // least ratio of a round, or least value
	Max      float64  `json:"max"`
	Goal     string   `json:"goal,omitempty"`
	Met      *bool    `json:"met,omitempty"`
}

// result computes a row from the figures of the rounds.
func (r Row) result(rounds []Figures) Result {
	values := column(rounds, r.Value)
	out := Result{Name: r.Name, What: r.What, Unit: r.Unit, Value: median(values), Goal: r.Goal.String()}
	judged, judgedBy := values, out.Value
	if against := r.against(rounds); against != "" {
		base := column(rounds, against)
		ratios := make([]float64, len(values))
		for i := range values {
			ratios[i] = r.ratio(values[i], base[i])
		}
		baseline, ratio := median(base), median(ratios)
		out.Against, out.Baseline, out.Ratio = against, &baseline, &ratio
		judged, judgedBy = ratios, ratio
	}
	out.Min, out.Max = slices.Min(judged), slices.Max(judged)
	if r.Goal != (Goal{}) {
		met := r.Goal.Met(judgedBy)
		out.Met = &met
	}
	return out
}

func (r Row) ratio(value, baseline float64) float64 {
	if r.Speedup {
		return baseline / value
	}
	return value / baseline
}

// against returns the best of the baselines, by its median, or "" if there is none.
func (r Row) against(rounds []Figures) (best string) {
	for _, name := range r.Baseline {
		if best == "" || median(column(rounds, name)) > median(column(rounds, best)) {
			best = name
		}
	}
	return best
}

func column(rounds []Figures, name string) []float64 {
	out := make([]float64, len(rounds))
	for i, r := range rounds {
		out[i] = r[name]
	}
	return out
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// quantile returns the time that the share q of all times does not exceed. It sorts its input.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}
