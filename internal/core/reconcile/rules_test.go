package reconcile

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// The pipeline's tests break the books for real. This tests the limits between
// under way, late and broken.
func TestWhatIsUnderWayIsNoFindingAndWhatIsOldIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := moment{ledger: now, missions: now, log: now, grace: 2 * time.Minute, late: 15 * time.Minute}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	escrow := func(change func(*Escrow)) *Escrow {
		e := &Escrow{Inflow: 500, Contributors: 2, Version: 3, ChangedAt: ago(time.Second)}
		change(e)
		return e
	}
	missionWith := func(change func(*Mission)) *Mission {
		b := &Mission{Status: mission.Active, Pot: 500, Contributors: 2, PotVersion: 3}
		change(b)
		return b
	}
	failed := func(b *Mission, decided, settled time.Duration) {
		b.Status, b.DecidedAt = mission.Failed, ago(decided)
		if settled > 0 {
			b.SettledAt = ago(settled)
		}
	}
	closed := func(e *Escrow, closed, settled time.Duration) {
		e.Closed, e.Ending, e.ClosedAt = true, ledger.Failed, ago(closed)
		if settled > 0 {
			e.SettledAt = ago(settled)
		}
	}
	asIs := func(*Escrow) {}
	shown := func(*Mission) {}
	for _, c := range []struct {
		what string
		b    *Mission
		e    *Escrow
		want Grade
	}{
		{"missions and ledger agree", missionWith(shown), escrow(asIs), ""},
		{"a pot on its way to the missions", missionWith(func(b *Mission) { b.PotVersion, b.Pot = 2, 300 }), escrow(asIs), ""},
		{"a pot that does not arrive", missionWith(func(b *Mission) { b.PotVersion, b.Pot = 2, 300 }), escrow(func(e *Escrow) { e.ChangedAt = ago(time.Hour) }), Late},
		{"a pot the ledger never had", missionWith(func(b *Mission) { b.PotVersion = 4 }), escrow(asIs), Broken},
		{"a mission that waits for its stake", missionWith(func(b *Mission) { *b = Mission{Status: mission.Funding} }), nil, ""},
		{"a mission that runs without an escrow", missionWith(func(b *Mission) { b.Pot, b.PotVersion = 0, 0 }), nil, Broken},
		{"a verdict on its way to the ledger", missionWith(func(b *Mission) { failed(b, time.Minute, 0) }), escrow(asIs), ""},
		{"a verdict that does not arrive", missionWith(func(b *Mission) { failed(b, time.Hour, 0) }), escrow(asIs), Late},
		{"a verdict given between the two looks", missionWith(shown), escrow(func(e *Escrow) { closed(e, time.Second, 0) }), ""},
		{"an escrow closed without a verdict", missionWith(shown), escrow(func(e *Escrow) { closed(e, 3*time.Minute, 0) }), Broken},
		{"two endings", missionWith(func(b *Mission) { failed(b, time.Second, 0); b.Status = mission.Succeeded }), escrow(func(e *Escrow) { closed(e, time.Second, 0) }), Broken},
		{"a settlement on its way to the missions", missionWith(func(b *Mission) { failed(b, time.Minute, 0) }), escrow(func(e *Escrow) { closed(e, time.Minute, time.Second) }), ""},
		{"a settlement that does not arrive", missionWith(func(b *Mission) { failed(b, time.Hour, 0) }), escrow(func(e *Escrow) { closed(e, time.Hour, time.Hour) }), Late},
		{"a settlement the ledger has not made", missionWith(func(b *Mission) { failed(b, time.Second, time.Second) }), escrow(func(e *Escrow) { closed(e, time.Second, 0) }), Broken},
		{"a settlement with an old pot", missionWith(func(b *Mission) { failed(b, time.Minute, time.Minute); b.PotVersion = 2 }), escrow(func(e *Escrow) { closed(e, time.Minute, time.Minute) }), Broken},
	} {
		if got := worst(checkMission(uuid.Must(uuid.NewV7()), c.b, c.e, at)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func worst(found []Finding) (g Grade) {
	for _, f := range found {
		if g == "" || f.Grade == Broken {
			g = f.Grade
		}
	}
	return g
}

func TestAMissionTheMissionsDatabaseDoesNotKnowIsBrokenOnceItIsNotNew(t *testing.T) {
	t.Parallel()
	id := uuid.Must(uuid.NewV7())
	seconds, nanos := id.Time().UnixTime()
	for after, want := range map[time.Duration]Grade{time.Second: "", time.Hour: Broken} {
		at := moment{ledger: time.Unix(seconds, nanos).Add(after), grace: 2 * time.Minute}
		if got := worst(checkMission(id, nil, &Escrow{MissionID: id}, at)); got != want {
			t.Errorf("%s after it was made: got %q, want %q", after, got, want)
		}
	}
}

func TestAReportCountsAllAndListsWhatIsBrokenFirst(t *testing.T) {
	t.Parallel()
	var r Report
	for range 2 * maxListed {
		r.add(Finding{Grade: Late})
	}
	if !r.Clean() {
		t.Error("a delay breaks no rule")
	}
	r.add(Finding{Grade: Broken, Rule: 1}, Finding{Grade: Broken, Rule: 2})
	listed := 0
	for _, f := range r.Findings {
		if f.Grade == Broken {
			listed++
		}
	}
	if r.Late != 2*maxListed || r.Broken != 2 || len(r.Findings) != maxListed || listed != 2 || r.Clean() {
		t.Errorf("counted %d late and %d broken, listed %d of which %d broken; want all counted, %d listed, both broken among them",
			r.Late, r.Broken, len(r.Findings), listed, maxListed)
	}
}
