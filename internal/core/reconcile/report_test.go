package reconcile

import (
	"testing"

	"github.com/google/uuid"
)

func TestAFindingIsOneLineWithWhatIsAndWhatShouldBe(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("01930000-0000-7000-8000-000000000000")
	for want, f := range map[string]Finding{
		"invariant 5 broken: mission 01930000-0000-7000-8000-000000000000: it is not empty (want 0, got 9)": {Rule: 5, Grade: Broken, Subject: OfMission, ID: id, What: "it is not empty", Got: 9},
		"invariant 7 late: bet: it waits": {Rule: 7, Grade: Late, Subject: OfBet, What: "it waits"},
	} {
		if got := f.String(); got != want {
			t.Errorf("the finding is %q, want %q", got, want)
		}
	}
}

func TestWonThatAreInNoAccountAreDrift(t *testing.T) {
	t.Parallel()
	f := Figures{Charged: 100, Wallets: 60, Held: 40, PutIn: 90, Paid: 20, Refunded: 30}
	if f.Drift() != 0 || f.PotsDrift() != 0 {
		t.Errorf("drift %d and %d, want none", f.Drift(), f.PotsDrift())
	}
	f.Wallets, f.Paid = f.Wallets-1, f.Paid-2
	if f.Drift() != 1 || f.PotsDrift() != 2 {
		t.Errorf("drift %d and %d, want 1 and 2", f.Drift(), f.PotsDrift())
	}
}
