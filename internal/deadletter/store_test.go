package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/missionpot/internal/deadletter"
	"example.com/missionpot/internal/event"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/lab/labtest"
)

func newStore(t *testing.T) *deadletter.Store {
	t.Helper()
	s, err := deadletter.Open(context.Background(), labtest.Firestore(t), "(default)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func letter(id string) event.DeadLetter {
	return event.DeadLetter{
		ID: "holdbets-" + id, Step: "holdbets", Subscription: "holdbets-bets", Topic: event.Bets, Type: event.TypeBetPlaced,
		MessageID: id, Attributes: map[string]string{"type": "bet_placed", "mission_id": "m"}, Data: []byte("\x00\xff{"),
		Attempts: 100, PublishedAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), KeptAt: time.Date(2026, 1, 3, 3, 4, 5, 6000, time.UTC),
	}
}

func TestALetterIsKeptAsItCameHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for i := range 2 {
		again := letter("7")
		again.KeptAt = again.KeptAt.Add(time.Duration(i) * time.Hour)
		if err := s.Keep(t.Context(), again); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Get(t.Context(), "holdbets-7")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(letter("7"), got); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
}

func TestARedriveSendsTheLetterToItsTopicAndTakesItOffTheList(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, id := range []string{"7", "8"} {
		if err := s.Keep(t.Context(), letter(id)); err != nil {
			t.Fatal(err)
		}
	}
	var sent string
	err := s.Redrive(t.Context(), "holdbets-7", func(_ context.Context, topic event.Topic, data []byte, attributes map[string]string) error {
		sent = fmt.Sprintf("%s %q %v", topic, data, attributes)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := `bets "\x00\xff{" map[mission_id:m type:bet_placed]`; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	left, err := s.List(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]event.DeadLetter{letter("8")}, left); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	got, err := s.Get(t.Context(), "holdbets-7")
	if err != nil {
		t.Fatal(err)
	}
	want := letter("7")
	want.Redrives = 1
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(event.DeadLetter{}, "RedrivenAt")); diff != "" || time.Since(got.RedrivenAt) > time.Minute {
		t.Errorf("the letter was redriven at %v (-want +got):\n%s", got.RedrivenAt, diff)
	}
	// The same message, delivered to the keeper late, does not put it back.
	if err := s.Keep(t.Context(), letter("7")); err != nil {
		t.Fatal(err)
	}
	if left, err = s.List(t.Context(), 10); err != nil || len(left) != 1 {
		t.Errorf("the list has %d letters, %v, want 1", len(left), err)
	}
}

func TestALetterWhoseRedriveFailedStaysOnTheList(t *testing.T) {
	t.Parallel()
	s, errDown := newStore(t), errors.New("down")
	if err := s.Keep(t.Context(), letter("7")); err != nil {
		t.Fatal(err)
	}
	err := s.Redrive(t.Context(), "holdbets-7", func(context.Context, event.Topic, []byte, map[string]string) error { return errDown })
	if !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the bus's", err)
	}
	if left, err := s.List(t.Context(), 10); err != nil || len(left) != 1 {
		t.Errorf("the list has %d letters, %v, want 1", len(left), err)
	}
}

func TestALetterThatCannotBeRedrivenIsRefused(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	lost := letter("7")
	lost.Topic = ""
	if err := s.Keep(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, event.Topic, []byte, map[string]string) error {
		t.Error("something was published")
		return nil
	}
	if err := s.Redrive(t.Context(), lost.ID, never); !errors.Is(err, fault.Invalid) {
		t.Errorf("a letter without a topic: the error is %v, want invalid", err)
	}
	for _, id := range []string{"holdbets-8", "a/b/c", "..", "."} {
		if err := s.Redrive(t.Context(), id, never); !errors.Is(err, fault.NotFound) {
			t.Errorf("%q: the error is %v, want not found", id, err)
		}
	}
}

func TestTheListIsBounded(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for i := range 5 {
		if err := s.Keep(t.Context(), letter(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := s.List(t.Context(), 3); err != nil || len(left) != 3 {
		t.Errorf("the list has %d letters, %v, want 3", len(left), err)
	}
}
