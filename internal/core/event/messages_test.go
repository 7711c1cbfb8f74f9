package event_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/ledger"
)

func TestAnEventGoesToItsTopicAndComesBackAsTheSameFact(t *testing.T) {
	t.Parallel()
	id, at := uuid.New(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	bet := ledger.Bet{ID: id, MissionID: id, UserID: id, Amount: 100, Stake: true, LoggedAt: at, Deadline: at}
	pot := ledger.Pot{MissionID: id, Amount: 100, Contributors: 1, Version: 1}
	closing := ledger.Closing{MissionID: id, Ending: ledger.Failed, StreamerID: id, CreatorID: id, Title: "No hit", DecidedAt: at}
	settlement := ledger.Settlement{Pot: pot, Ending: ledger.Failed, Refunded: 100, SettledAt: at}
	if got := event.NewBetPlaced(bet); got.Topic() != event.Bets || got.Bet() != bet {
		t.Errorf("the bet %+v is %+v on topic %s", bet, got.Bet(), got.Topic())
	}
	if got := event.NewPotChanged(pot); got.Topic() != event.Pots || got.Pot() != pot {
		t.Errorf("the pot %+v is %+v on topic %s", pot, got.Pot(), got.Topic())
	}
	if got := event.NewVerdictGiven(closing); got.Topic() != event.Verdicts || got.Closing() != closing {
		t.Errorf("the verdict %+v is %+v on topic %s", closing, got.Closing(), got.Topic())
	}
	if got := event.NewMissionSettled(settlement); got.Topic() != event.Settlements || got.Settlement() != settlement {
		t.Errorf("the settlement %+v is %+v on topic %s", settlement, got.Settlement(), got.Topic())
	}
	if got := (event.StakeDeclined{}).Topic(); got != event.Pots {
		t.Errorf("a declined stake goes to %s, want the topic of the pots", got)
	}
	if got := (event.Tick{}).Topic(); got != event.Ticks {
		t.Errorf("a tick goes to %s", got)
	}
}

func TestATickIsOldAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for age, want := range map[time.Duration]bool{0: false, event.TickLife: false, event.TickLife + 1: true} {
		if got := (event.Tick{At: sent}).Old(sent.Add(age)); got != want {
			t.Errorf("old after %v: %v, want %v", age, got, want)
		}
	}
	if (event.Tick{}).Old(sent) {
		t.Error("a tick without a time is old, want it handled")
	}
}

// Each of these misses one fact that a step relies on.
func TestAnEventWithoutAFactIsMalformed(t *testing.T) {
	t.Parallel()
	id, at := uuid.New(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	bet := event.BetPlaced{BetID: id, MissionID: id, UserID: id, Amount: 100, LoggedAt: at, Deadline: at}
	noUser, noCash, noTime := bet, bet, bet
	noUser.UserID, noCash.Amount, noTime.LoggedAt = uuid.Nil, 0, time.Time{}
	for what, e := range map[string]event.Event{
		"a bet of nobody":                     noUser,
		"a bet of nothing":                    noCash,
		"a bet of no time":                    noTime,
		"a pot without a mission":             event.PotChanged{Amount: 1},
		"a negative pot":                      event.PotChanged{MissionID: id, Amount: -1},
		"a declined stake of no mission":      event.StakeDeclined{BetID: id, Reason: "closed"},
		"a stake declined for no reason":      event.StakeDeclined{BetID: id, MissionID: id},
		"a verdict without a streamer":        event.VerdictGiven{MissionID: id, CreatorID: id, Ending: ledger.Failed},
		"an unknown verdict":                  event.VerdictGiven{MissionID: id, StreamerID: id, CreatorID: id, Ending: "maybe"},
		"a settlement with an unknown ending": event.MissionSettled{MissionID: id, Ending: "maybe"},
		"a settlement that does not add up":   event.MissionSettled{MissionID: id, Ending: ledger.Failed, Pot: 9, Refunded: 8},
	} {
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := event.Decode(e.Type(), payload); !errors.Is(err, event.ErrMalformed) {
			t.Errorf("%s was read as %+v, error %v; want ErrMalformed", what, got, err)
		}
	}
}

func TestADeadLetterCanBeSentAgainIfAStepCanReadIt(t *testing.T) {
	t.Parallel()
	letter := event.DeadLetter{Topic: event.Ticks, Type: event.TypeTick, Data: []byte(`{}`)}
	if err := letter.Redrivable(); err != nil {
		t.Errorf("a tick can't be sent again: %v", err)
	}
	unknown, broken := letter, letter
	unknown.Topic, broken.Data = "", []byte("x")
	for what, d := range map[string]event.DeadLetter{"of an unknown topic": unknown, "that no step can read": broken} {
		if err := d.Redrivable(); !errors.Is(err, fault.NotRedrivable) {
			t.Errorf("a letter %s: error %v, want NotRedrivable", what, err)
		}
	}
}
