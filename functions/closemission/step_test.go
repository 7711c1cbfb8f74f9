package closemission_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/functions/closemission"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/rig/storetest"
)

var errDown = errors.New("down")

// downBoard is a board that can't be written.
type downBoard struct{}

func (downBoard) Mission(context.Context, uuid.UUID) error { return errDown }

func settled(m mission.Mission, version int64) event.MissionSettled {
	ending, _ := m.Status.Ending()
	pot := storetest.Pot(m.ID, version)
	return event.NewMissionSettled(ledger.Settlement{
		Pot: pot, Ending: ending, Paid: pot.Amount, SettledAt: time.Now().UTC().Truncate(time.Microsecond),
	})
}

func TestRule9TheFinalPotIsShownEvenIfNoChangeOfItEverCame(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	judged := m.Judged(mission.Success)
	step := closemission.New(m, m.Copy)
	message := settled(judged, 40)
	for delivery := range 2 {
		if err := step.Handle(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		want := judged
		want.Pot, want.Contributors, want.PotVersion = 40_000, 40, 40
		want.SettledAt, want.Revision = &message.SettledAt, judged.Revision+1
		if diff := cmp.Diff(want, m.Read(judged.ID)); diff != "" {
			t.Errorf("delivery %d (-want +got):\n%s", delivery+1, diff)
		}
		last := m.LastOnBoard(judged.ID)
		if diff := cmp.Diff(want.Snapshot(), last.Mission); last.Kind != mission.WasSettled || diff != "" {
			t.Errorf("delivery %d: the board shows %s (-want +got):\n%s", delivery+1, last.Kind, diff)
		}
	}
}

func TestRule13ASettlementIsNotAckedBeforeTheBoardHasIt(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	judged := m.Judged(mission.Fail)
	message := settled(judged, 2)
	if err := closemission.New(m, downBoard{}).Handle(t.Context(), message); !errors.Is(err, errDown) {
		t.Fatalf("a board that is down: error %v, want %v", err, errDown)
	}
	if err := closemission.New(m, m.Copy).Handle(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if last := m.LastOnBoard(judged.ID); last.Kind != mission.WasSettled {
		t.Errorf("the board's last event is %s after the redelivery, want settled", last.Kind)
	}
}

func TestASettlementThatTheBoardContradictsIsAnErrorAndChangesNothing(t *testing.T) {
	t.Parallel()
	m := storetest.NewMissions(t)
	judged := m.Judged(mission.Fail)
	message := settled(judged, 2)
	message.Ending = ledger.Succeeded
	if err := closemission.New(m, m.Copy).Handle(t.Context(), message); err == nil {
		t.Error("a failed mission was settled as succeeded, want an error")
	}
	if diff := cmp.Diff(judged, m.Read(judged.ID)); diff != "" {
		t.Errorf("the mission changed (-want +got):\n%s", diff)
	}
}

func TestAMessageForAnotherStepIsMalformed(t *testing.T) {
	t.Parallel()
	if err := closemission.New(nil, nil).Handle(t.Context(), event.Tick{At: time.Now()}); !errors.Is(err, event.ErrMalformed) {
		t.Errorf("error %v, want %v", err, event.ErrMalformed)
	}
}
