package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verdict is the result of a run. Every figure but the first two and the last must be 0.
type Verdict struct {
	Bets         int // requested by clients, each under one key
	Acknowledged int // of those, by an answer that a client saw
	Lost         int // acknowledged, judged or charged, and missing; messages that were acked and not handled
	Duplicated   int // outcomes and entries that nobody requested, or that exist twice
	Drift        int64
	Stuck        int // what did not finish in time
	RecoveredIn  time.Duration
	Late         int      // bets that were logged after the verdict, held and refunded; at least one shows that guard
	Findings     []string // the findings behind the figures
}

// Passed reports whether there are no findings.
func (v *Verdict) Passed() bool {
	return v.Lost == 0 && v.Duplicated == 0 && v.Drift == 0 && v.Stuck == 0 && len(v.Findings) == 0
}

// String returns the verdict in one line.
func (v *Verdict) String() string {
	return fmt.Sprintf("chaos: bets=%d acknowledged=%d lost=%d duplicated=%d drift=%d stuck=%d recovered_in=%.1fs",
		v.Bets, v.Acknowledged, v.Lost, v.Duplicated, v.Drift, v.Stuck, v.RecoveredIn.Seconds())
}

// Failed returns the names of the figures that are not 0.
func (v *Verdict) Failed() string {
	var off []string
	for name, wrong := range map[string]bool{"lost": v.Lost > 0, "duplicated": v.Duplicated > 0, "drift": v.Drift > 0, "stuck": v.Stuck > 0} {
		if wrong {
			off = append(off, name)
		}
	}
	slices.Sort(off)
	return strings.Join(off, ", ")
}

func (v *Verdict) lost(format string, args ...any) { v.lostMany(1, format, args...) }

func (v *Verdict) lostMany(n int, format string, args ...any) {
	v.Lost += n
	v.find("lost", format, args...)
}

func (v *Verdict) duplicated(format string, args ...any) {
	v.Duplicated++
	v.find("duplicated", format, args...)
}

// drift records an amount of won, positive or negative, that is where it should not be.
func (v *Verdict) drift(won int64, format string, args ...any) {
	if won == 0 {
		return
	}
	v.Drift += max(won, -won)
	v.find("drift", format, args...)
}

func (v *Verdict) stuck(n int, format string, args ...any) {
	v.Stuck += n
	v.find("stuck", format, args...)
}

func (v *Verdict) find(figure, format string, args ...any) {
	v.Findings = append(v.Findings, figure+": "+fmt.Sprintf(format, args...))
}

// shownFindings is how many findings of one figure are printed; more would add nothing.
const shownFindings = 12

// Shown returns the first findings of each figure, and how many more there are.
func (v *Verdict) Shown() []string {
	seen := map[string]int{}
	var lines []string
	for _, f := range v.Findings {
		figure, _, _ := strings.Cut(f, ":")
		if seen[figure]++; seen[figure] <= shownFindings {
			lines = append(lines, f)
		}
	}
	for figure, n := range seen {
		if n > shownFindings {
			lines = append(lines, fmt.Sprintf("%s: and %d more", figure, n-shownFindings))
		}
	}
	return lines
}
