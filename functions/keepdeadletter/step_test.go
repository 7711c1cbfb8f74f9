package keepdeadletter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/functions/keepdeadletter"
	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/deadletter"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func clock() time.Time { return now }

func delivery(step, id, data string) push.Delivery {
	return push.Delivery{
		MessageID: id, Subscription: "projects/p/subscriptions/" + step + "-dead-keep", PublishTime: now.Add(-time.Hour),
		Attributes: map[string]string{"type": "bet_placed", "CloudPubSubDeadLetterSourceDeliveryCount": "100"}, Data: []byte(data),
	}
}

func TestWhateverAStepGaveUpIsKept(t *testing.T) {
	t.Parallel()
	store, err := deadletter.Open(context.Background(), standtest.Firestore(t), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	step := keepdeadletter.New(store, clock)
	var dead []push.Delivery
	for i, d := range event.DeadLetters() {
		for j, data := range []string{`{"bet_id":"x"}`, "\xff not JSON", ""} {
			dead = append(dead, delivery(d.Step, fmt.Sprint(i, j), data))
		}
	}
	dead = append(dead, push.Delivery{MessageID: "99"}) // with neither a subscription nor contents
	for range 2 {
		for _, d := range dead {
			if err := step.Handle(t.Context(), d); err != nil {
				t.Fatalf("message %s: %v", d.MessageID, err)
			}
		}
	}
	kept, err := store.List(t.Context(), event.DeadLetterFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != len(dead) {
		t.Errorf("%d letters are kept of %d", len(kept), len(dead))
	}
	for _, k := range kept {
		if !k.KeptAt.Equal(now) || !strings.HasPrefix(k.ID, k.Step+"-") {
			t.Errorf("kept %+v, want it with its step and the time %v", k, now)
		}
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Keep(context.Context, event.DeadLetter) error { return errFull }

func TestALetterThatCouldNotBeKeptIsNotAcked(t *testing.T) {
	t.Parallel()
	if err := keepdeadletter.New(full{}, clock).Handle(t.Context(), delivery("holdbets", "7", "{}")); !errors.Is(err, errFull) {
		t.Errorf("the error is %v, want the store's", err)
	}
}

type shelf struct{}

func (shelf) Keep(context.Context, event.DeadLetter) error { return nil }

// The alarm is a log line at error level. Not parallel: the default logger is
// the process's.
func TestADeadLetterRaisesTheAlarm(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	if err := keepdeadletter.New(shelf{}, clock).Handle(t.Context(), delivery("settlemission", "7", `secret contents`)); err != nil {
		t.Fatal(err)
	}
	line := out.String()
	for _, want := range []string{"level=ERROR", "step=settlemission", "letter=settlemission-7", "attempts=100"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log says %q, want %s in it", line, want)
		}
	}
	if strings.Contains(line, "secret") {
		t.Errorf("the log shows the contents: %q", line)
	}
}
