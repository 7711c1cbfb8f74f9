package stand_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/uuid"

	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
)

func TestTheStandsSubscriptionsCarryThePipelinesFigures(t *testing.T) {
	t.Parallel()
	client := openPubSub(t)
	for range 2 { // the second time finds everything there
		if err := stand.MakeTopics(t.Context(), client, stand.TopicOptions{}); err != nil {
			t.Fatalf("make topics: %v", err)
		}
	}
	for _, want := range event.Pipeline() {
		got := subscription(t, client, want.Name)
		if got.AckDeadlineSeconds != int32(want.AckDeadline.Seconds()) ||
			got.RetryPolicy.MinimumBackoff.AsDuration() != want.MinBackoff ||
			got.RetryPolicy.MaximumBackoff.AsDuration() != want.MaxBackoff ||
			got.DeadLetterPolicy.MaxDeliveryAttempts != int32(want.Attempts) ||
			!strings.HasSuffix(got.DeadLetterPolicy.DeadLetterTopic, "/topics/"+string(want.DeadLetter)) ||
			!strings.HasSuffix(got.Topic, "/topics/"+string(want.Topic)) {
			t.Errorf("subscription %s = %v, want the figures of %+v", want.Name, got, want)
		}
	}
	for _, want := range event.DeadLetters() {
		if got := subscription(t, client, want.Name); !strings.HasSuffix(got.Topic, "/topics/"+string(want.Topic)) {
			t.Errorf("subscription %s is on %s, want %s", want.Name, got.Topic, want.Topic)
		}
	}
}

func TestAPushCarriesWhatARealOneCarries(t *testing.T) {
	t.Parallel()
	functions := newFunctions(t, nil)
	client, b := openPipeline(t, functions, stand.TopicOptions{})
	mission := uuid.Must(uuid.NewV7())
	if err := b.Publish(t.Context(), event.PotChanged{MissionID: mission, Amount: 100, Contributors: 1, Version: 1}); err != nil {
		t.Fatal(err)
	}
	got := functions.wait(t, "GrowPot", 1)[0]
	if got.Subscription != "projects/"+client.Project()+"/subscriptions/growpot-pots" {
		t.Errorf("subscription = %q, want its full name", got.Subscription)
	}
	if got.DeliveryAttempt != 1 {
		t.Errorf("deliveryAttempt = %d, want 1", got.DeliveryAttempt)
	}
	m := got.Message
	if m.MessageID == "" || m.MessageID != m.MessageIDSnake || m.PublishTime.IsZero() || !m.PublishTime.Equal(m.PublishTimeSnake) {
		t.Errorf("message = %+v, want id and time in both spellings", m)
	}
	if m.Attributes["type"] != "pot_changed" || m.Attributes["mission_id"] != mission.String() {
		t.Errorf("attributes = %v, want type and mission", m.Attributes)
	}
	if _, err := event.Decode(event.TypePotChanged, m.Data); err != nil {
		t.Errorf("data %q: %v", m.Data, err)
	}
}

func TestARefusedPushComesAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	functions := newFunctions(t, func(_ string, attempt int) int {
		if attempt < 3 {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	})
	_, b := openPipeline(t, functions, impatient)
	if err := b.Publish(t.Context(), event.Tick{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	var attempts []int
	for _, p := range functions.wait(t, "SweepBets", 3) {
		attempts = append(attempts, p.DeliveryAttempt)
	}
	if want := []int{1, 2, 3}; !slices.Equal(attempts, want) {
		t.Errorf("attempts = %v, want %v", attempts, want)
	}
}

func TestAMessageThatIsNeverTakenIsKeptAsADeadLetter(t *testing.T) {
	t.Parallel()
	refuse := func(function string, _ int) int {
		if function == "KeepDeadLetter" {
			return http.StatusNoContent
		}
		return http.StatusBadRequest
	}
	t.Run("through the pump", func(t *testing.T) {
		t.Parallel()
		functions := newFunctions(t, refuse)
		_, b := openPipeline(t, functions, impatient)
		expectDeadLetter(t, functions, b)
	})
	t.Run("through the emulator's own push", func(t *testing.T) {
		t.Parallel()
		functions := newFunctions(t, refuse)
		opts := impatient
		opts.PushTo = functions.url
		client := openPubSub(t)
		if err := stand.MakeTopics(t.Context(), client, opts); err != nil {
			t.Fatal(err)
		}
		expectDeadLetter(t, functions, openBus(t, client.Project()))
	})
}

func expectDeadLetter(t *testing.T, functions *functions, b *bus.Bus) {
	t.Helper()
	poison := map[string]string{event.AttributeType: "bet_placed", "kept": "yes"}
	if err := b.PublishRaw(t.Context(), event.Bets, []byte("poison"), poison); err != nil {
		t.Fatal(err)
	}
	dead := functions.wait(t, "KeepDeadLetter", 1)[0]
	if string(dead.Message.Data) != "poison" || dead.Message.Attributes["kept"] != "yes" {
		t.Errorf("dead letter = %+v, want data and attributes as published", dead.Message)
	}
	if !strings.HasSuffix(dead.Subscription, "/holdbets-dead-keep") {
		t.Errorf("dead letter came by %s, want holdbets' own subscription", dead.Subscription)
	}
	if n := len(functions.wait(t, "HoldBets", 5)); n != impatient.Attempts {
		t.Errorf("%d deliveries before the message was dead, want %d", n, impatient.Attempts)
	}
}

func TestThePumpKeepsManyPushesInFlight(t *testing.T) {
	t.Parallel()
	const crowd = 200 // two is what the emulator's own push manages
	var mu sync.Mutex
	inFlight, all := 0, make(chan struct{})
	release := sync.OnceFunc(func() { close(all) })
	functions := newFunctions(t, func(string, int) int {
		mu.Lock()
		if inFlight++; inFlight == crowd {
			release()
		}
		mu.Unlock()
		<-all
		return http.StatusNoContent
	})
	t.Cleanup(release) // or the server could not close after a failure
	_, b := openPipeline(t, functions, stand.TopicOptions{})
	pots := make([]event.Event, crowd)
	for i := range pots {
		pots[i] = event.PotChanged{MissionID: uuid.New(), Amount: 1, Contributors: 1, Version: 1}
	}
	if err := b.Publish(t.Context(), pots...); err != nil {
		t.Fatal(err)
	}
	functions.wait(t, "GrowPot", crowd)
}

func TestTheTickerTicksAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan event.Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		stand.RunTicker(ctx, publishFunc(func(ctx context.Context, e event.Event) error {
			select {
			case ticks <- e:
			case <-ctx.Done():
			}
			return ctx.Err()
		}), 10*time.Millisecond)
	}()
	for range 3 {
		if tick, ok := (<-ticks).(event.Tick); !ok || time.Since(tick.At) > time.Minute {
			t.Errorf("published %+v, want a tick of now", tick)
		}
	}
	cancel()
	<-done
}

// impatient makes a message die within seconds.
var impatient = stand.TopicOptions{MinBackoff: 10 * time.Millisecond, MaxBackoff: 10 * time.Millisecond, AckDeadline: 10 * time.Second, Attempts: 5}

type publishFunc func(context.Context, event.Event) error

func (f publishFunc) Publish(ctx context.Context, events ...event.Event) error {
	return f(ctx, events[0])
}

// functions is a server in the place of the functions framework.
type functions struct {
	server *httptest.Server
	mu     sync.Mutex
	pushes map[string][]push // by function
}

type push struct {
	Subscription    string
	DeliveryAttempt int
	Message         struct {
		Data             []byte
		Attributes       map[string]string
		MessageID        string    `json:"messageId"`
		MessageIDSnake   string    `json:"message_id"`
		PublishTime      time.Time `json:"publishTime"`
		PublishTimeSnake time.Time `json:"publish_time"`
	}
}

// newFunctions answers pushes with the status that answer gives, or 204 if it is nil.
func newFunctions(t *testing.T, answer func(function string, attempt int) int) *functions {
	t.Helper()
	f := &functions{pushes: map[string][]push{}}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p push
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Errorf("a push that can't be read: %v", err)
		}
		function := strings.TrimPrefix(r.URL.Path, "/")
		f.mu.Lock()
		f.pushes[function] = append(f.pushes[function], p)
		f.mu.Unlock()
		status := http.StatusNoContent
		if answer != nil {
			status = answer(function, p.DeliveryAttempt)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(f.server.Close)
	return f
}

func (f *functions) url(function string) string { return f.server.URL + "/" + function }

// wait returns the pushes to a function once there are at least n.
func (f *functions) wait(t *testing.T, function string, n int) []push {
	t.Helper()
	var got []push
	eventually(t, "pushes to "+function, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		got = slices.Clone(f.pushes[function])
		return len(got) >= n
	})
	return got
}

// openPipeline makes the topics and pumps them to the functions until the test ends.
func openPipeline(t *testing.T, functions *functions, opts stand.TopicOptions) (*pubsub.Client, *bus.Bus) {
	t.Helper()
	client := openPubSub(t)
	return client, pumpFrom(t, client, functions, opts)
}

// pumpFrom pumps a client's messages to functions.
func pumpFrom(t *testing.T, client *pubsub.Client, functions *functions, opts stand.TopicOptions) *bus.Bus {
	t.Helper()
	if err := stand.MakeTopics(t.Context(), client, opts); err != nil {
		t.Fatalf("make topics: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		stand.NewPump(client, functions.url).Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return openBus(t, client.Project())
}

func openPubSub(t *testing.T) *pubsub.Client {
	t.Helper()
	client, err := pubsub.NewClient(context.Background(), standtest.PubSub(t))
	if err != nil {
		t.Fatalf("open Pub/Sub: %v", err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func openBus(t *testing.T, project string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(context.Background(), project)
	if err != nil {
		t.Fatalf("open the bus: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the bus: %v", err)
		}
	})
	return b
}

func subscription(t *testing.T, client *pubsub.Client, name string) *pubsubpb.Subscription {
	t.Helper()
	full := "projects/" + client.Project() + "/subscriptions/" + name
	s, err := client.SubscriptionAdminClient.GetSubscription(t.Context(), &pubsubpb.GetSubscriptionRequest{Subscription: full})
	if err != nil {
		t.Fatalf("get subscription %s: %v", name, err)
	}
	return s
}
