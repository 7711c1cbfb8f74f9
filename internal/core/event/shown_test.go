package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
)

func TestAnOperatorSeesNoPersonInAPayload(t *testing.T) {
	t.Parallel()
	person, mission, now := uuid.New(), uuid.New(), time.Now().UTC()
	const written = "what a person wrote"
	for _, e := range []event.Event{
		event.BetPlaced{BetID: uuid.New(), MissionID: mission, UserID: person, Amount: 700, LoggedAt: now, Deadline: now},
		event.PotChanged{MissionID: mission, Amount: 700, Contributors: 1, Version: 1},
		event.StakeDeclined{BetID: uuid.New(), MissionID: mission, Reason: ledger.TooLate},
		event.VerdictGiven{MissionID: mission, Ending: ledger.Failed, StreamerID: person, CreatorID: person, Title: written, DecidedAt: now},
		event.MissionSettled{MissionID: mission, Ending: ledger.Failed, Pot: 700, Refunded: 700, Contributors: 1, Version: 2, SettledAt: now},
	} {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := event.Shown(e.Type(), data)
		if err != nil {
			t.Fatalf("%s: %v", e.Type(), err)
		}
		text, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), person.String()) || strings.Contains(string(text), written) {
			t.Errorf("%s shows a person: %s", e.Type(), text)
		}
		if !strings.Contains(string(text), mission.String()) {
			t.Errorf("%s does not show its mission: %s", e.Type(), text)
		}
	}
}

func TestWhatNoStepCanReadIsShownToNobody(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "\xff", `{"email":"mina@example.com"}`} {
		if shown, err := event.Shown(event.TypeBetPlaced, []byte(data)); !errors.Is(err, event.ErrMalformed) || shown != nil {
			t.Errorf("%q is shown as %v, %v; want nothing, malformed", data, shown, err)
		}
	}
}
