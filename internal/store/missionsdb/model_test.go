package missionsdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

// life is one mission in the database, and its model: the pure rule of
// mission.State, which knows no database. The test's clock has two times,
// before the state's deadline and after it.
type life struct {
	db      storetest.Missions
	id      uuid.UUID
	model   mission.State
	passed  bool // the model's deadline has passed
	version int64
	pot     ledger.Won
	settled bool
	changes int64
}

func TestTheDatabaseFollowsTheRulesOfAMission(t *testing.T) {
	t.Parallel()
	db := storetest.NewMissions(t)
	rapid.Check(t, func(t *rapid.T) {
		// The mission of the previous round may still be overdue.
		if _, err := db.Expire(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
		m := db.Funding(rapid.Bool().Draw(t, "auto accept"))
		l := &life{db: db, id: m.ID, model: m.State, changes: 1}
		t.Repeat(map[string]func(*rapid.T){
			"":        l.check,
			"act":     l.act,
			"pot":     l.grow,
			"unfund":  l.unfund,
			"expire":  l.expire,
			"settle":  l.settle,
			"time":    l.passTime,
			"old pot": l.oldPot,
		})
	})
}

// now is an instant on the right side of the model's deadline.
func (l *life) now() time.Time {
	if l.passed {
		return l.model.Deadline.Add(time.Second)
	}
	return l.model.Deadline.Add(-time.Second)
}

// enter moves the model.
func (l *life) enter(to mission.Status) {
	l.model.Status, l.passed = to, false
	l.changes++
}

func (l *life) act(t *rapid.T) {
	action := rapid.SampledFrom([]mission.Action{mission.Accept, mission.Reject, mission.Success, mission.Fail, mission.Withdraw}).Draw(t, "action")
	to, refused := l.model.Next(action, l.now())
	user := l.model.StreamerID
	if action == mission.Withdraw {
		user = l.model.CreatorID
	}
	_, err := l.db.Act(context.Background(), l.id, user, action)
	repeated := l.model.Did(action)
	if refused != nil && !repeated {
		if !errors.Is(err, fault.NotActive) {
			t.Fatalf("%s while %s: error %v, want %v", action, l.model.Status, err, fault.NotActive)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s while %s: %v", action, l.model.Status, err)
	}
	if !repeated { // the same again changes nothing
		l.enter(to)
	}
}

func (l *life) grow(t *rapid.T) {
	l.version += rapid.Int64Range(1, 3).Draw(t, "versions ahead")
	p := storetest.Pot(l.id, l.version)
	if _, _, err := l.db.ApplyPot(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	if l.model.Status.Decided() {
		return
	}
	l.pot = p.Amount
	if to, err := l.model.Next(mission.Fund, l.now()); err == nil {
		l.enter(to)
	} else {
		l.changes++
	}
}

func (l *life) oldPot(t *rapid.T) {
	version := rapid.Int64Range(0, l.version).Draw(t, "old version")
	if l.version == 0 {
		return
	}
	if _, changed, err := l.db.ApplyPot(context.Background(), storetest.Pot(l.id, version)); err != nil || changed {
		t.Fatalf("version %d after %d: changed %v, error %v", version, l.version, changed, err)
	}
}

func (l *life) unfund(t *rapid.T) {
	to, refused := l.model.Next(mission.Unfund, l.now())
	_, changed, err := l.db.Unfund(context.Background(), l.id)
	if err != nil || changed != (refused == nil) {
		t.Fatalf("unfund while %s: changed %v, error %v", l.model.Status, changed, err)
	}
	if changed {
		l.enter(to)
	}
}

func (l *life) expire(t *rapid.T) {
	to, refused := l.model.Next(mission.TimeOut, l.now())
	missions, err := l.db.Expire(context.Background(), 10)
	if err != nil || (len(missions) == 1) != (refused == nil) {
		t.Fatalf("%d expired while %s, deadline passed: %v, error %v", len(missions), l.model.Status, l.passed, err)
	}
	if refused == nil {
		l.enter(to)
	}
}

func (l *life) settle(t *rapid.T) {
	ending, decided := l.model.Status.Ending()
	if !decided {
		return
	}
	s := ledger.Settlement{Pot: storetest.Pot(l.id, l.version+1), Ending: ending, SettledAt: time.Now()}
	_, changed, err := l.db.Settle(context.Background(), s)
	if err != nil || changed == l.settled {
		t.Fatalf("settle, settled before: %v: changed %v, error %v", l.settled, changed, err)
	}
	if changed {
		l.settled, l.pot, l.version = true, s.Pot.Amount, s.Version
		l.changes++
	}
}

func (l *life) passTime(*rapid.T) {
	if l.model.Status.Decided() {
		return
	}
	l.db.PassDeadline(l.id)
	l.passed = true
}

func (l *life) check(t *rapid.T) {
	m := l.db.Read(l.id)
	switch {
	case m.Status != l.model.Status:
		t.Fatalf("the database says %s, the rule says %s", m.Status, l.model.Status)
	case m.Pot != l.pot:
		t.Fatalf("the pot is %s, want %s", m.Pot, l.pot)
	case m.Revision != l.changes:
		t.Fatalf("revision %d after %d changes", m.Revision, l.changes)
	case (m.DecidedAt != nil) != m.Status.Decided():
		t.Fatalf("%s, decided at %v", m.Status, m.DecidedAt)
	case (m.SettledAt != nil) != l.settled:
		t.Fatalf("settled at %v, want settled: %v", m.SettledAt, l.settled)
	}
}
