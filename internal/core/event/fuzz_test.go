package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/event"
)

// Any payload is either malformed or an event that has what the steps rely on,
// and that is the same after it was written and read again.
func FuzzDecode(f *testing.F) {
	id, at := uuid.MustParse("01930000-0000-7000-8000-000000000000"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, e := range []event.Event{
		event.BetPlaced{BetID: id, MissionID: id, UserID: id, Amount: 100, Stake: true, LoggedAt: at, Deadline: at},
		event.PotChanged{MissionID: id, Amount: 100, Contributors: 1, Version: 1},
		event.StakeDeclined{BetID: id, MissionID: id, Reason: "closed"},
		event.VerdictGiven{MissionID: id, Ending: "failed", StreamerID: id, CreatorID: id, Title: "No hit", DecidedAt: at},
		event.MissionSettled{MissionID: id, Ending: "failed", Pot: 9, Contributors: 1, Version: 2, Refunded: 9, SettledAt: at},
		event.Tick{At: at},
	} {
		payload, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(e.Type()), payload)
	}
	f.Add("nonsense", []byte(`{}`))
	f.Add("tick", []byte(`{"at":"2026-01-02T03:04:05Z"}{}`))
	f.Add("pot_changed", []byte(`{"mission_id":"01930000-0000-7000-8000-000000000000","pot":1e2}`))
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		e, err := event.Decode(event.Type(kind), payload)
		if err != nil {
			if !errors.Is(err, event.ErrMalformed) {
				t.Fatalf("the error is %v, want ErrMalformed because no retry fixes a payload", err)
			}
			return
		}
		if string(e.Type()) != kind {
			t.Fatalf("a payload of the type %q became a %s", kind, e.Type())
		}
		if _, tick := e.(event.Tick); !tick && e.Mission() == uuid.Nil {
			t.Fatalf("a %s without a mission was accepted", kind)
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%#v can't be written again: %v", e, err)
		}
		same, err := event.Decode(e.Type(), again)
		if err != nil {
			t.Fatalf("the written payload is refused: %v: %s", err, again)
		}
		if diff := cmp.Diff(e, same); diff != "" {
			t.Fatalf("reading twice changed it (-first +second):\n%s", diff)
		}
	})
}

// A dead letter is kept whatever Pub/Sub says about it.
func FuzzDeadLetter(f *testing.F) {
	f.Add("projects/p/subscriptions/sendmail-dead-keep", "77", "sendmail-ticks", "5", "2026-01-02T03:04:05.006Z", "own", "value")
	f.Add("", "", "", "-1", "yesterday", "", "")
	f.Add("a/b/c/", "../x", "growpot-pots", "99999999999999999999", "", "CloudPubSubDeadLetterSource", "x")
	f.Fuzz(func(t *testing.T, subscription, id, source, attempts, published, name, value string) {
		attributes := map[string]string{
			name: value, "CloudPubSubDeadLetterSourceSubscription": source,
			"CloudPubSubDeadLetterSourceDeliveryCount": attempts, "CloudPubSubDeadLetterSourceTopicPublishTime": published,
		}
		given := attributes["CloudPubSubDeadLetterSourceSubscription"]
		d := event.NewDeadLetter(subscription, id, kept, attributes, []byte(value))
		if d.Step == "" || d.ID != d.Step+"-"+id || d.MessageID != id || d.Subscription != given {
			t.Errorf("the letter is %+v, want it named after its step and message", d)
		}
		if got, ok := d.Attributes[name]; !strings.HasPrefix(name, "CloudPubSubDeadLetterSource") && (!ok || got != value) {
			t.Errorf("the attribute %q is %q, want %q as first published", name, got, value)
		}
		for name := range d.Attributes {
			if strings.HasPrefix(name, "CloudPubSubDeadLetterSource") {
				t.Errorf("Pub/Sub's own attribute %q would be published again", name)
			}
		}
	})
}
