package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// String returns the goal as the table shows it.
func (g Goal) String() string {
	switch {
	case g.AtLeast != 0 && g.AtMost != 0:
		return "≥ " + plain(g.AtLeast) + ", ≤ " + plain(g.AtMost)
	case g.AtLeast != 0:
		return "≥ " + plain(g.AtLeast)
	case g.AtMost != 0:
		return "≤ " + plain(g.AtMost)
	}
	return ""
}

// WriteTable writes the rows for people.
func WriteTable(out io.Writer, results []Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tvalue\tunit\tbaseline\tratio\tmin–max\tgoal\t")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s–%s\t%s\t%s\n", r.Name, plain(r.Value), r.Unit,
			optional(r.Baseline), optional(r.Ratio), plain(r.Min), plain(r.Max), r.Goal, r.mark())
	}
	return w.Flush()
}

func (r Result) mark() string {
	switch {
	case r.Met == nil:
		return ""
	case *r.Met:
		return "met"
	default:
		return "MISSED"
	}
}

// WriteJSON writes the rows for programs.
func WriteJSON(out io.Writer, scale string, results []Result) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Scale string   `json:"scale"`
		Rows  []Result `json:"rows"`
	}{scale, results})
}

func optional(f *float64) string {
	if f == nil {
		return ""
	}
	return plain(*f)
}

// plain writes a figure with about three digits.
func plain(f float64) string {
	digits := 0
	switch size := math.Abs(f); {
	case size < 10:
		digits = 2
	case size < 100:
		digits = 1
	}
	return strconv.FormatFloat(f, 'f', digits, 64)
}
