package bench

import (
	"context"
	"time"
)

// Experiment measures some subjects in turn and derives rows from them.
type Experiment struct {
	Name string // for the progress bar and for choosing it
	Rows []Row
	// Setup prepares the data. It registers what it starts and opens with cleanup, which runs when
	// the experiment is over.
	Setup func(ctx context.Context, b *Bench) ([]Subject, error)
	// Rounds is how often every subject is measured; 0 means as often as the scale says.
	Rounds int
	// Apart leaves it out of a run that names no experiments.
	Apart bool
}

// Subject is something that is measured.
type Subject struct {
	Name string
	// Measure measures the subject's figures once, by name.
	Measure func(ctx context.Context) (Figures, error)
}

// Figures are what one measurement found, by name.
type Figures map[string]float64

// single is a subject with one figure, which has the subject's name.
func single(name string, measure func(ctx context.Context) (float64, error)) Subject {
	return Subject{Name: name, Measure: func(ctx context.Context) (Figures, error) {
		figure, err := measure(ctx)
		return Figures{name: figure}, err
	}}
}

// Row is one line of the result.
type Row struct {
	Name string
	What string // a sentence for people
	Unit string
	// Value names the figure, and Baseline the figures it is compared with. Of several the highest
	// median counts. A row may have no baseline.
	Value    string
	Baseline []string
	// Speedup inverts the ratio: baseline by value, for times.
	Speedup bool
	Goal    Goal
}

// Goal is what a row should reach. It applies to the ratio if there is a baseline, else to the
// value. The zero Goal requires nothing.
type Goal struct{ AtLeast, AtMost float64 }

// Met reports whether a figure reaches the goal.
func (g Goal) Met(figure float64) bool {
	return (g.AtLeast == 0 || figure >= g.AtLeast) && (g.AtMost == 0 || figure <= g.AtMost)
}

// Experiments returns all experiments, in the order of a run.
func Experiments() []Experiment {
	return []Experiment{
		holdHot(), holdCloud(), holdMixed(), holdIdle(), holdSpread(), pushHot(), settleRefund(), settleLoop(), settleBeside(), growth(),
		apiBet(), cold(), sseFanout(), visible(), overload(),
	}
}

// Scale sets durations and sizes.
type Scale struct {
	Name   string
	Rounds int
	// Spell is how long a throughput is counted, after Warmup.
	Spell, Warmup time.Duration
	// Users is how many users bet on the hot mission.
	Users int
	// Contributors are the sizes of the two missions that are refunded.
	Contributors, ManyContributors int
	// GrownUsers are the sizes of the users tables that must not slow the fast path down; the
	// others are compared with the first. GrownRows are rows in the ledger.
	GrownUsers []int
	GrownRows  int
	// Watchers is how many SSE clients are open at once.
	Watchers int
	// Steady is how long a steady load lasts where a latency is taken.
	Steady time.Duration
}

// Quick is for use during development, Full for recorded results.
var (
	Quick = Scale{
		Name: "quick", Rounds: 3, Spell: 500 * time.Millisecond, Warmup: 150 * time.Millisecond, Users: 20_000,
		Contributors: 8_000, ManyContributors: 40_000, GrownUsers: []int{10_000, 30_000, 60_000}, GrownRows: 300_000,
		Watchers: 2_000, Steady: 3 * time.Second,
	}
	Full = Scale{
		Name: "full", Rounds: 3, Spell: 2 * time.Second, Warmup: 500 * time.Millisecond, Users: 20_000,
		Contributors: 100_000, ManyContributors: 1_000_000, GrownUsers: []int{10_000, 100_000, 1_000_000}, GrownRows: 10_000_000,
		Watchers: 10_000, Steady: 10 * time.Second,
	}
)
