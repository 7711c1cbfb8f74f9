package sweepmissions_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/functions/sweepmissions"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

var errDown = errors.New("down")

// refusing is a bus that rejects the verdict of one mission.
func refusing(id uuid.UUID) *storetest.Bus {
	return &storetest.Bus{Refuse: func(events []event.Event) error {
		if events[0].Mission() == id {
			return errDown
		}
		return nil
	}}
}

// flakyBoard is a board that can't show one mission.
type flakyBoard struct {
	sweepmissions.Board
	broken uuid.UUID
}

func (b flakyBoard) Mission(ctx context.Context, id uuid.UUID) error {
	if id == b.broken {
		return errDown
	}
	return b.Board.Mission(ctx, id)
}

func tick() event.Tick { return event.Tick{At: time.Now()} }

func verdicts(bus *storetest.Bus) map[uuid.UUID]ledger.Ending {
	endings := map[uuid.UUID]ledger.Ending{}
	for _, v := range storetest.Published[event.VerdictGiven](bus) {
		endings[v.MissionID] = v.Ending
	}
	return endings
}

func TestRule12AMissionWhoseTimeIsUpEndsAtTheLedgerAndOnTheBoard(t *testing.T) {
	t.Parallel()
	m, bus := storetest.NewMissions(t), &storetest.Bus{}
	overdue, running := m.Overdue(), m.Active()
	waiting := m.Funding(true)
	m.Exec(`UPDATE missions SET deadline = clock_timestamp() WHERE id = $1`, waiting.ID)
	if err := sweepmissions.New(m, m.Copy, bus, m.Pool.Now).Handle(t.Context(), tick()); err != nil {
		t.Fatal(err)
	}
	endings := verdicts(bus)
	for _, c := range []struct {
		id   uuid.UUID
		want mission.Status
	}{{overdue.ID, mission.Expired}, {waiting.ID, mission.Unfunded}} {
		if got := m.Read(c.id); got.Status != c.want || endings[c.id] != ledger.Ending(c.want) {
			t.Errorf("the mission is %s and published as %q, want %s", got.Status, endings[c.id], c.want)
		}
		if last := m.LastOnBoard(c.id); last.Kind != mission.EventKind(c.want) {
			t.Errorf("the board's last event is %s, want %s", last.Kind, c.want)
		}
	}
	if got := m.Read(running.ID); got.Status != mission.Active || len(endings) != 2 {
		t.Errorf("a mission with time left is %s and %d verdicts were published, want active and 2", got.Status, len(endings))
	}
}

func TestOneTickEndsMoreMissionsThanFitOnAPage(t *testing.T) {
	t.Parallel()
	m, bus := storetest.NewMissions(t), &storetest.Bus{}
	const many = 130
	for range many {
		m.Overdue()
	}
	if err := sweepmissions.New(m, m.Copy, bus, m.Pool.Now).Handle(t.Context(), tick()); err != nil {
		t.Fatal(err)
	}
	if got := len(verdicts(bus)); got != many {
		t.Errorf("%d missions ended, want %d", got, many)
	}
}

func TestOneFailingMissionDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	unpublished, unshown, third, left := m.Overdue(), m.Overdue(), m.Overdue(), m.Active()
	m.Exec(`UPDATE mission_events SET created_at = created_at - interval '5 minutes' WHERE mission_id = $1`, left.ID)
	bus := refusing(unpublished.ID)
	step := sweepmissions.New(m, flakyBoard{m.Copy, unshown.ID}, bus, m.Pool.Now)
	err := step.Handle(t.Context(), tick())
	if !errors.Is(err, errDown) || !strings.Contains(err.Error(), unpublished.ID.String()) {
		t.Errorf("error %v, want it to name mission %s", err, unpublished.ID)
	}
	for _, id := range []uuid.UUID{unpublished.ID, unshown.ID, third.ID} {
		if got := m.Read(id).Status; got != mission.Expired {
			t.Errorf("mission %s is %s, want expired", id, got)
		}
	}
	if endings := verdicts(bus); len(endings) != 2 {
		t.Errorf("%d verdicts were published, want the other two", len(endings))
	}
	for _, id := range []uuid.UUID{unpublished.ID, third.ID} {
		if last := m.LastOnBoard(id); last.Kind != mission.WasExpired {
			t.Errorf("the board's last event of %s is %s, want expired", id, last.Kind)
		}
	}
	if got := m.OnBoard(left.ID); len(got) != 2 {
		t.Errorf("the part after the failing one copied %d events, want 2", len(got))
	}
}

func TestRule17AVerdictThatWasNotPublishedOrNotSettledIsPublishedAgain(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	overdue, judged := m.Overdue(), m.Judged(mission.Success)
	if err := sweepmissions.New(m, m.Copy, refusing(overdue.ID), m.Pool.Now).Handle(t.Context(), tick()); !errors.Is(err, errDown) {
		t.Fatalf("error %v, want %v", err, errDown)
	}
	bus := &storetest.Bus{}
	step := sweepmissions.New(m, m.Copy, bus, m.Pool.Now)
	for range 2 { // the second tick comes before the verdicts are due again
		m.Exec(`UPDATE missions SET verdict_next_at = clock_timestamp() WHERE verdict_tries = 0`)
		if err := step.Handle(t.Context(), tick()); err != nil {
			t.Fatal(err)
		}
	}
	got := storetest.Published[event.VerdictGiven](bus)
	endings := verdicts(bus)
	if len(got) != 2 || endings[overdue.ID] != ledger.Expired || endings[judged.ID] != ledger.Succeeded {
		t.Errorf("published %v, want each of the two verdicts once", got)
	}
}

func TestRule14EventsLeftBehindAreCopied(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	left, fresh := m.Active(), m.Active()
	m.Exec(`UPDATE mission_events SET created_at = created_at - interval '1 minute' WHERE mission_id = $1`, left.ID)
	if err := sweepmissions.New(m, m.Copy, &storetest.Bus{}, m.Pool.Now).Handle(t.Context(), tick()); err != nil {
		t.Fatal(err)
	}
	if got := m.OnBoard(left.ID); len(got) != 2 {
		t.Errorf("the board has %d events of the mission left behind, want 2", len(got))
	}
	if got := m.OnBoard(fresh.ID); len(got) != 0 {
		t.Errorf("the board has %d events of a mission that just changed, want them left to their writer", len(got))
	}
}

func TestAnOldTickIsDropped(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	overdue := m.Overdue()
	old := event.Tick{At: time.Now().Add(-event.TickLife - time.Second)}
	if err := sweepmissions.New(m, m.Copy, &storetest.Bus{}, m.Pool.Now).Handle(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if got := m.Read(overdue.ID).Status; got != mission.Active {
		t.Errorf("an old tick made the mission %s, want it left to the next tick", got)
	}
}

func TestTicksAtOnceEndEachMissionOnce(t *testing.T) {
	t.Parallel()
	m, bus := storetest.NewMissions(t), &storetest.Bus{}
	for range 20 {
		m.Overdue()
	}
	var wg sync.WaitGroup
	for range 4 { // each on an instance of its own
		wg.Go(func() {
			if err := sweepmissions.New(m, m.Copy, bus, m.Pool.Now).Handle(t.Context(), tick()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := storetest.Published[event.VerdictGiven](bus); len(got) != 20 || len(verdicts(bus)) != 20 {
		t.Errorf("%d verdicts of %d missions were published, want 20 of 20", len(got), len(verdicts(bus)))
	}
}

func TestAMessageForAnotherStepIsMalformed(t *testing.T) {
	t.Parallel()
	step := sweepmissions.New(nil, nil, nil, nil)
	if err := step.Handle(t.Context(), event.MissionSettled{}); !errors.Is(err, event.ErrMalformed) {
		t.Errorf("error %v, want %v", err, event.ErrMalformed)
	}
}
