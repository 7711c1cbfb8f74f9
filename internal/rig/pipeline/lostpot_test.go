package pipeline_test

import (
	"testing"

	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/core/mission"
)

// The stake is held, the instance dies before it publishes, and the message becomes a dead letter.
// Now only the ledger has the pot. The sweep must publish it, or the mission never becomes active.
func TestRule9AnUnpublishedPotIsPublishedByTheSweep(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	m := w.create(t, w.accounts[0], 300, true, true)
	w.crash = true
	if err := w.deliver(0); err == nil {
		t.Fatal("the step acked a stake whose pot it could not publish")
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
