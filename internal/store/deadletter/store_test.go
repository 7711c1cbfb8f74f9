package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/deadletter"
)

func newStore(t *testing.T) *deadletter.Store {
	t.Helper()
	s, err := deadletter.Open(context.Background(), standtest.Firestore(t), "(default)")
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

// placed is the payload of a letter that a step can read.
const placed = `{"bet_id":"0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e40","mission_id":"0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e41",` +
	`"user_id":"0198c0de-7a3b-7f11-8d2e-5b6f1c2a9e42","amount":700,"logged_at":"2026-01-02T03:04:05Z","deadline":"2026-01-02T04:04:05Z"}`

// keep stores letters that can be sent again.
func keep(t *testing.T, s *deadletter.Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		d := letter(id)
		d.Data = []byte(placed)
		if err := s.Keep(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}

// left are the ids of the letters that were not sent again.
func left(t *testing.T, s *deadletter.Store) string {
	t.Helper()
	letters, err := s.List(t.Context(), event.DeadLetterFilter{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range letters {
		ids = append(ids, d.ID)
	}
	return strings.Join(ids, " ")
}

// sender counts what is published, and fails while it has an error.
type sender struct {
	mu   sync.Mutex
	sent []string
	err  error
}

func (p *sender) publish(_ context.Context, topic event.Topic, data []byte, attributes map[string]string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.sent = append(p.sent, fmt.Sprintf("%s %s %v", topic, data, attributes))
	return nil
}

func TestARedriveSendsTheLetterToItsTopicOnceAndTakesItOffTheList(t *testing.T) {
	t.Parallel()
	s, out := newStore(t), &sender{}
	keep(t, s, "7", "8")
	first, err := s.Redrive(t.Context(), "holdbets-7", "user:kim", out.publish)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Redrive(t.Context(), "holdbets-7", "user:lee", out.publish)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second call's answer differs from the first one's (-first +second):\n%s", diff)
	}
	want := "bets " + placed + " map[mission_id:m redrive_of:holdbets-7 type:bet_placed]"
	if len(out.sent) != 1 || out.sent[0] != want {
		t.Errorf("sent %q, want once %q", out.sent, want)
	}
	if first.Redrives != 1 || first.RedrivenBy != "user:kim" || time.Since(first.RedrivenAt) > time.Minute {
		t.Errorf("the letter is %+v, want it sent just now, once, by user:kim", first)
	}
	// A late delivery of the same message does not put it back.
	keep(t, s, "7")
	if ids := left(t, s); ids != "holdbets-8" {
		t.Errorf("left are %s, want holdbets-8", ids)
	}
	sent, err := s.List(t.Context(), event.DeadLetterFilter{Sent: true, Limit: 10})
	if err != nil || len(sent) != 1 || sent[0].ID != "holdbets-7" {
		t.Errorf("sent are %+v, %v, want holdbets-7", sent, err)
	}
}

func TestOfManyWhoRedriveALetterAtOnceOneSendsIt(t *testing.T) {
	t.Parallel()
	s, out := newStore(t), &sender{}
	keep(t, s, "7")
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			d, err := s.Redrive(t.Context(), "holdbets-7", "user:kim", out.publish)
			if err != nil && !errors.Is(err, fault.Unavailable) || err == nil && d.Redrives != 1 {
				t.Errorf("a call got %+v, %v; want the sent letter, or a time to retry", d, err)
			}
		})
	}
	callers.Wait()
	if len(out.sent) != 1 {
		t.Errorf("the letter was sent %d times, want once", len(out.sent))
	}
}

func TestALetterWhoseRedriveFailedStaysOnTheListAndCanBeSentAtOnce(t *testing.T) {
	t.Parallel()
	errDown := errors.New("down")
	s, out := newStore(t), &sender{err: errDown}
	keep(t, s, "7")
	if _, err := s.Redrive(t.Context(), "holdbets-7", "user:kim", out.publish); !errors.Is(err, errDown) {
		t.Errorf("the error is %v, want the bus's", err)
	}
	if ids := left(t, s); ids != "holdbets-7" {
		t.Errorf("left are %q, want holdbets-7", ids)
	}
	out.err = nil
	if _, err := s.Redrive(t.Context(), "holdbets-7", "user:kim", out.publish); err != nil || len(out.sent) != 1 {
		t.Errorf("the next call gave %v and %d messages, want none and 1", err, len(out.sent))
	}
}

// The caller gives up as soon as the message is published: the letter is marked
// anyway, so it is not sent a second time.
func TestALetterIsMarkedEvenIfTheCallerGoesMeanwhile(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	keep(t, s, "7")
	ctx, cancel := context.WithCancel(t.Context())
	_, _ = s.Redrive(ctx, "holdbets-7", "user:kim", func(context.Context, event.Topic, []byte, map[string]string) error {
		cancel()
		return nil
	})
	if ids := left(t, s); ids != "" {
		t.Errorf("left are %q, want none", ids)
	}
}

func TestALetterThatCannotBeRedrivenIsRefused(t *testing.T) {
	t.Parallel()
	s, out := newStore(t), &sender{}
	lost, unreadable := letter("7"), letter("8")
	lost.Data, lost.Topic = []byte(placed), ""
	for _, d := range []event.DeadLetter{lost, unreadable} {
		if err := s.Keep(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Redrive(t.Context(), d.ID, "user:kim", out.publish); !errors.Is(err, fault.NotRedrivable) {
			t.Errorf("%s: the error is %v, want not_redrivable", d.ID, err)
		}
	}
	for _, id := range []string{"holdbets-9", "a/b/c", "..", "."} {
		if _, err := s.Redrive(t.Context(), id, "user:kim", out.publish); !errors.Is(err, fault.NotFound) {
			t.Errorf("%q: the error is %v, want not found", id, err)
		}
	}
	if len(out.sent) != 0 {
		t.Errorf("sent %q, want nothing", out.sent)
	}
}

func TestTheListIsReadPageByPageAndByStep(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	keep(t, s, "1", "2", "3", "4", "5")
	other := letter("6")
	other.ID, other.Step = "growpot-6", "growpot"
	if err := s.Keep(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for after := ""; ; {
		letters, err := s.List(t.Context(), event.DeadLetterFilter{Step: "holdbets", After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) > 2 {
			t.Fatalf("a page has %d letters, want at most 2", len(letters))
		}
		for _, d := range letters {
			seen = append(seen, d.MessageID)
			after = d.ID
		}
		if len(letters) < 2 {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "1 2 3 4 5" {
		t.Errorf("the pages have %s, want 1 2 3 4 5", got)
	}
}
