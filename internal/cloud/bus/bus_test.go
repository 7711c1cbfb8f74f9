package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/standtest"
)

func TestPublishedEventsArriveWithTheirAttributes(t *testing.T) {
	t.Parallel()
	inbox := newInbox(t, event.Pots, event.Ticks)
	b := open(t, inbox.project)

	mission := uuid.Must(uuid.NewV7())
	pot := event.PotChanged{MissionID: mission, Amount: 1500, Contributors: 2, Version: 3}
	tick := event.Tick{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if err := b.Publish(traced(t), pot, tick); err != nil {
		t.Fatalf("publish: %v", err)
	}

	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := inbox.receive(t, event.Pots)
	want := map[string]string{"type": "pot_changed", "mission_id": mission.String(), "traceparent": traceparent}
	if diff := cmp.Diff(want, got.Attributes); diff != "" {
		t.Errorf("attributes of the pot (-want +got):\n%s", diff)
	}
	decoded, err := event.Decode(event.Type(got.Attributes["type"]), got.Data)
	if err != nil {
		t.Fatalf("decode what arrived: %v", err)
	}
	if diff := cmp.Diff(event.Event(pot), decoded); diff != "" {
		t.Errorf("the pot that arrived (-want +got):\n%s", diff)
	}
	wantTick := map[string]string{"type": "tick", "traceparent": traceparent}
	if diff := cmp.Diff(wantTick, inbox.receive(t, event.Ticks).Attributes); diff != "" {
		t.Errorf("attributes of a tick, which has no mission (-want +got):\n%s", diff)
	}
}

func TestARawMessageArrivesAsItWas(t *testing.T) {
	t.Parallel()
	inbox := newInbox(t, event.Verdicts)
	b := open(t, inbox.project)

	want := map[string]string{"type": "verdict_given", "mission_id": "m", "traceparent": "old"}
	if err := b.PublishRaw(traced(t), event.Verdicts, []byte("not even JSON"), want); err != nil {
		t.Fatalf("publish: %v", err)
	}
	got := inbox.receive(t, event.Verdicts)
	if string(got.Data) != "not even JSON" {
		t.Errorf("data = %q, want it untouched", got.Data)
	}
	if diff := cmp.Diff(want, got.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestPublishErrsWhenOneOfManyIsNotTaken(t *testing.T) {
	t.Parallel()
	inbox := newInbox(t, event.Pots) // no topic for ticks
	b := open(t, inbox.project)

	err := b.Publish(t.Context(), event.PotChanged{MissionID: uuid.New()}, event.Tick{})
	if err == nil {
		t.Fatal("publishing to an absent topic succeeded, want an error")
	}
	for _, want := range []string{"1 of 2", "ticks"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestPublishGivesUpWithItsCaller(t *testing.T) {
	t.Parallel()
	inbox := newInbox(t, event.Ticks)
	b := open(t, inbox.project)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Publish(ctx, event.Tick{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestRefusesATopicThatIsNotInThePipeline(t *testing.T) {
	t.Parallel()
	b := open(t, newInbox(t).project)
	if err := b.PublishRaw(t.Context(), "elsewhere", nil, nil); err == nil {
		t.Error("publishing to an unknown topic succeeded, want an error")
	}
}

func open(t *testing.T, project string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), project)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// inbox receives what is published to some topics.
type inbox struct {
	project string
	client  *pubsub.Client
}

func newInbox(t *testing.T, topics ...event.Topic) inbox {
	t.Helper()
	in := inbox{project: standtest.PubSub(t)}
	var err error
	if in.client, err = pubsub.NewClient(t.Context(), in.project); err != nil {
		t.Fatalf("open the inbox: %v", err)
	}
	t.Cleanup(func() { in.client.Close() })
	for _, topic := range topics {
		name := "projects/" + in.project + "/topics/" + string(topic)
		if _, err := in.client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: name}); err != nil {
			t.Fatalf("create topic %s: %v", topic, err)
		}
		sub := &pubsubpb.Subscription{Name: in.subscription(topic), Topic: name}
		if _, err := in.client.SubscriptionAdminClient.CreateSubscription(t.Context(), sub); err != nil {
			t.Fatalf("subscribe to %s: %v", topic, err)
		}
	}
	return in
}

func (in inbox) subscription(topic event.Topic) string {
	return "projects/" + in.project + "/subscriptions/" + string(topic) + "-test"
}

func (in inbox) receive(t *testing.T, topic event.Topic) *pubsubpb.PubsubMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		resp, err := in.client.SubscriptionAdminClient.Pull(ctx, &pubsubpb.PullRequest{Subscription: in.subscription(topic), MaxMessages: 1})
		if err != nil {
			t.Fatalf("nothing arrived on %s: %v", topic, err)
		}
		if len(resp.ReceivedMessages) > 0 {
			return resp.ReceivedMessages[0].Message
		}
	}
}

// traced is a context with the example trace of the W3C Trace Context specification.
func traced(t *testing.T) context.Context {
	t.Helper()
	traceID, err := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	if err != nil {
		t.Fatal(err)
	}
	spanID, err := trace.SpanIDFromHex("b7ad6b7169203331")
	if err != nil {
		t.Fatal(err)
	}
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled,
	}))
}
