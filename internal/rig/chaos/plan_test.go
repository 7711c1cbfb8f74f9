package chaos

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASeedRepeatsThePlanAndTheTimetable(t *testing.T) {
	t.Parallel()
	links := []string{"api-users", "functions-pubsub"}
	if diff := cmp.Diff(NewPlan(7, Quick()), NewPlan(7, Quick())); diff != "" {
		t.Errorf("one seed drew two plans:\n%s", diff)
	}
	if diff := cmp.Diff(NewTimetable(7, Quick(), links), NewTimetable(7, Quick(), links)); diff != "" {
		t.Errorf("one seed drew two timetables:\n%s", diff)
	}
	if cmp.Equal(NewPlan(7, Quick()), NewPlan(8, Quick())) {
		t.Error("two seeds drew one plan")
	}
}

func TestEveryScenarioHasEveryFateHabitAndKindOfFault(t *testing.T) {
	t.Parallel()
	// A long run's plan is so large that one seed is enough.
	for s, seeds := range map[Scenario]uint64{Long(): 1, Quick(): 20} {
		fates, habits, struck := map[Fate]int{}, map[Habit]int{}, map[Kind]int{}
		for seed := range seeds {
			p := NewPlan(seed, s)
			for _, m := range p.Missions {
				fates[m.Fate]++
			}
			for _, b := range p.Bets {
				habits[b.Habit]++
			}
			for _, f := range NewTimetable(seed, s, []string{"a", "b"}) {
				struck[f.Kind]++
			}
			for _, f := range []Fate{Succeeds, Fails, Expires, Rejected, Ignored, Withdrawn, Rivals} {
				if fates[f] == 0 {
					t.Errorf("%s with seed %d has no mission that %s", s.Name, seed, f)
				}
			}
			for _, h := range []Habit{Plain, Repeats, Twins, Impatient, Quits, Changes, Rushes} {
				if habits[h] == 0 {
					t.Errorf("%s with seed %d has no client that %s", s.Name, seed, h)
				}
			}
			for _, k := range kinds {
				if struck[k] == 0 {
					t.Errorf("%s with seed %d has no fault: %s", s.Name, seed, k)
				}
			}
			clear(fates)
			clear(habits)
			clear(struck)
		}
	}
}

func TestOneMissionTakesHalfOfTheBets(t *testing.T) {
	t.Parallel()
	s := Long()
	p, hot := NewPlan(1, s), 0
	for _, b := range p.Bets {
		if p.Missions[b.Mission].Hot {
			hot++
		}
		if m := p.Missions[b.Mission]; b.Wave < m.First || b.Wave > m.Last {
			t.Fatalf("a bet comes in wave %d of a mission that takes them from %d to %d", b.Wave, m.First, m.Last)
		}
	}
	if len(p.Bets) != 60_000 || hot != 30_000 || len(p.Accounts) != 5000 || len(p.Missions) != 300 && len(p.Missions) != 301 {
		t.Errorf("%d bets, %d of them on the hot one of %d missions, by %d users", len(p.Bets), hot, len(p.Missions), len(p.Accounts))
	}
}
