package main

import (
	"bytes"
	"strings"
	"testing"

	"example.com/missionpot/internal/rig/standtest"
)

func TestThePlayTellsAMissionsWholeLife(t *testing.T) {
	t.Parallel()
	system := standtest.System(t)
	var printed bytes.Buffer
	if err := play(t.Context(), &terminal{out: &printed}, system); err != nil {
		t.Fatalf("play: %v\nso far:\n%s", err, &printed)
	}
	for _, want := range []string{
		"Mina 10,000 · Jun 5,000 · Haneul 0 won",
		"active", "3,000 won from 1", "Mina 7,000 (+3,000 held)",
		"5,000 won from 2", "Jun 3,000 (+2,000 held)",
		"succeeded", "Mina 7,000 · Jun 3,000 · Haneul 5,000 won",
		"+10,000", "-3,000", "wallets 15,000 + escrows 0 = charged 15,000 won",
	} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("the play does not print %q:\n%s", want, &printed)
		}
	}
	for _, who := range []string{"mina", "jun", "haneul"} {
		if mails, _ := system.Mailbox.Messages(who + "@missionpot.example"); len(mails) != 1 {
			t.Errorf("%s has %d e-mails, want one", who, len(mails))
		}
	}
}
