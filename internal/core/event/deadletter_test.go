package event_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/core/event"
)

var kept = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestADeadLetterKnowsWhereItCameFrom(t *testing.T) {
	t.Parallel()
	got := event.NewDeadLetter("projects/p/subscriptions/sendmail-dead-keep", "77", kept, map[string]string{
		"type": "mission_settled", "mission_id": "m", "traceparent": "00-1",
		"CloudPubSubDeadLetterSourceDeliveryCount":       "100",
		"CloudPubSubDeadLetterSourceSubscription":        "sendmail-settlements",
		"CloudPubSubDeadLetterSourceSubscriptionProject": "p",
		"CloudPubSubDeadLetterSourceTopicPublishTime":    "2026-01-01T00:00:00.5Z",
	}, []byte(`{}`))
	want := event.DeadLetter{
		ID: "sendmail-77", Step: "sendmail", Subscription: "sendmail-settlements", Topic: event.Settlements,
		Type: event.TypeMissionSettled, MessageID: "77", Data: []byte(`{}`), Attempts: 100,
		Attributes:  map[string]string{"type": "mission_settled", "mission_id": "m", "traceparent": "00-1"},
		PublishedAt: time.Date(2026, 1, 1, 0, 0, 0, 500_000_000, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
}

func TestADeadLetterOfUnknownOriginIsStillALetter(t *testing.T) {
	t.Parallel()
	got := event.NewDeadLetter("", "77", kept, nil, []byte("\xff"))
	want := event.DeadLetter{
		ID: "unknown-77", Step: "unknown", MessageID: "77", Data: []byte("\xff"), Attributes: map[string]string{}, PublishedAt: kept,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
}

// Whatever Pub/Sub left out, the step follows from the name of our own subscription.
func TestADeadLetterWithoutPubSubsAttributesKnowsItsStep(t *testing.T) {
	t.Parallel()
	for _, dead := range event.DeadLetters() {
		got := event.NewDeadLetter("projects/p/subscriptions/"+dead.Name, "1", kept, nil, nil)
		if got.Step != dead.Step {
			t.Errorf("%s: step is %q, want %q", dead.Name, got.Step, dead.Step)
		}
	}
}
