package pipeline_test

import (
	"testing"

	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/mission"
)

// The stake is held, the instance dies before it tells, and the message that
// would come again is lost among the dead letters. Only the ledger knows of the
// pot; the sweep must tell of it, or the mission waits for its stake in vain.
func TestRule9APotNobodyToldOfIsToldByTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.create(t, w.accounts[0], 300, true, true)
	w.crash = true
	if err := w.deliver(0); err == nil {
		t.Fatal("the step acked a stake whose pot it could not tell of")
	}
	w.queue = nil
	if got := w.mission(t, m.ID); got.Status != mission.Funding {
		t.Fatalf("before the sweep the mission is %s, want funding", got.Status)
	}
	w.sweep(t)
	if got := w.mission(t, m.ID); got.Status != mission.Active || got.Pot != 300 {
		t.Errorf("after the sweep the mission is %s with %s, want active with 300 won", got.Status, got.Pot)
	}
	w.checkQuiet(t, []ledger.Bet{})
}
