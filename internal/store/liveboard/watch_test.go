package liveboard

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// patience is how long a test waits for an event.
const patience = time.Minute

// next takes one event from a feed.
func next(t *testing.T, f *Feed) mission.Event {
	t.Helper()
	select {
	case e, open := <-f.Events():
		if !open {
			t.Fatalf("the feed ended (%v), want an event", f.Err())
		}
		return *e
	case <-time.After(patience):
		t.Fatal("got no event")
	}
	return mission.Event{}
}

// ended waits for the end of a feed and returns why it ended.
func ended(t *testing.T, f *Feed) error {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-f.Events():
			if !open {
				return f.Err()
			}
		case <-deadline:
			t.Fatal("the feed did not end")
		}
	}
}

// expectCounts waits until that many listeners and clients are there. A listener
// takes a moment to end after its last client has left.
func (h *hubs) expectCounts(t *testing.T, listeners, clients int) {
	t.Helper()
	var gotListeners, gotClients int
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		h.mu.Lock()
		gotListeners, gotClients = h.listeners, h.clients
		h.mu.Unlock()
		if gotListeners == listeners && gotClients == clients {
			return
		}
	}
	t.Errorf("%d listeners for %d clients, want %d for %d", gotListeners, gotClients, listeners, clients)
}

func watchMission(t *testing.T, b *Board, id uuid.UUID) *Feed {
	t.Helper()
	f, err := b.WatchMission(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f.(*Feed)
}

func watchStreamer(t *testing.T, b *Board, id uuid.UUID) *Feed {
	t.Helper()
	f, err := b.WatchStreamer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f.(*Feed)
}

func TestRule14AFeedHasThePresentAndThenEveryEventWithoutAGap(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 30)
	b.mustWrite(t, events[:3]...)
	f := watchMission(t, b, events[0].Mission.ID)
	if diff := cmp.Diff(events[2], next(t, f)); diff != "" {
		t.Errorf("the present state (-want +got):\n%s", diff)
	}
	for from := 3; from < len(events); from += 9 { // nine at once: the board shows only the last
		b.mustWrite(t, events[from:from+9]...)
	}
	for _, want := range events[3:] {
		if diff := cmp.Diff(want, next(t, f)); diff != "" {
			t.Fatalf("event %d (-want +got):\n%s", want.Revision, diff)
		}
	}
}

func TestRule14NothingIsMissedBetweenTheLogAndTheFeed(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 40)
	id := events[0].Mission.ID
	b.mustWrite(t, events[0])
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 1; i < len(events); i++ {
			if err := b.Write(t.Context(), events[i:i+1]); err != nil {
				t.Error(err)
			}
		}
	})
	defer writer.Wait()
	var readers sync.WaitGroup
	for range 5 {
		readers.Go(func() {
			f, err := b.WatchMission(t.Context(), id)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			// As after a lost connection: event 1 was the last one seen.
			replayed, err := b.Events(t.Context(), id, 1, 100)
			if err != nil {
				t.Error(err)
				return
			}
			seen := int64(1 + len(replayed))
			for seen < int64(len(events)) {
				select {
				case e, open := <-f.Events():
					switch {
					case !open:
						t.Errorf("the feed ended at %d: %v", seen, f.(*Feed).Err())
						return
					case e.Revision > seen+1:
						t.Errorf("event %d came after %d, want no gap", e.Revision, seen)
						return
					}
					seen = max(seen, e.Revision)
				case <-time.After(patience):
					t.Errorf("no event after %d came", seen)
					return
				}
			}
		})
	}
	readers.Wait()
}

func TestAMissionMayBeWatchedBeforeItIsOnTheBoard(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 3)
	f := watchMission(t, b, events[0].Mission.ID)
	b.mustWrite(t, events...)
	for _, want := range events {
		if got := next(t, f); got.Revision != want.Revision {
			t.Fatalf("got event %d, want %d", got.Revision, want.Revision)
		}
	}
}

func TestRule21ManyClientsShareOneListener(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 2)
	b.mustWrite(t, events[0])
	const many = 200
	feeds := make([]*Feed, many)
	var wg sync.WaitGroup
	for i := range feeds {
		wg.Go(func() {
			f, err := b.WatchMission(t.Context(), events[0].Mission.ID)
			if err != nil {
				t.Error(err)
				return
			}
			feeds[i] = f.(*Feed)
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	b.hubs.expectCounts(t, 1, many)
	b.mustWrite(t, events[1])
	for i, f := range feeds {
		if first, second := next(t, f), next(t, f); first.Revision != 1 || second.Revision != 2 {
			t.Errorf("client %d got events %d and %d, want 1 and 2", i, first.Revision, second.Revision)
		}
		f.Close()
		f.Close()
	}
	b.hubs.expectCounts(t, 0, 0)
	if err := ended(t, feeds[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed feed says %v, want %v", err, ErrClosed)
	}
	again := watchMission(t, b, events[0].Mission.ID)
	if got := next(t, again); got.Revision != 2 {
		t.Errorf("a client after all have left starts with event %d, want 2", got.Revision)
	}
}

func TestRule21AWatcherOverTheBoundIsAskedToRetry(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.hubs.maxListeners, b.hubs.maxClients = 2, 4
	one, two := uuid.New(), uuid.New()
	first := watchMission(t, b, one)
	watchStreamer(t, b, two)
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, fault.Unavailable) || fault.From(err).RetryAfter == 0 {
			t.Errorf("%s: error %v, want %v with a time to retry", what, err, fault.Unavailable)
		}
	}
	_, err := b.WatchMission(t.Context(), uuid.New())
	refused("a third topic", err)
	watchMission(t, b, one)
	watchMission(t, b, one)
	_, err = b.WatchMission(t.Context(), one)
	refused("a fifth client", err)
	first.Close()
	watchMission(t, b, one)
}

func TestASlowClientIsDroppedAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	b := open(t)
	events := story(uuid.New(), 1+2*feedBuffer)
	b.mustWrite(t, events[0])
	slow, fast := watchMission(t, b, events[0].Mission.ID), watchMission(t, b, events[0].Mission.ID)
	for from := 1; from < len(events); from += feedBuffer {
		b.mustWrite(t, events[from:from+feedBuffer]...)
		for range feedBuffer {
			next(t, fast)
		}
	}
	if err := ended(t, slow); !errors.Is(err, ErrSlow) {
		t.Errorf("the slow client's feed says %v, want %v", err, ErrSlow)
	}
	if got := next(t, fast); got.Revision != int64(len(events)) {
		t.Errorf("the fast client is at %d, want %d", got.Revision, len(events))
	}
}

func TestRule14AStreamersFeedBeginsWithASnapshotAndThenIsLive(t *testing.T) {
	t.Parallel()
	b := open(t)
	streamer := uuid.New()
	active, old, fresh := story(streamer, 3), story(streamer, 2), story(streamer, 2)
	longAgo := time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Microsecond)
	old[1].Mission.Status, old[1].Mission.DecidedAt, old[1].At = mission.Failed, &longAgo, longAgo
	b.mustWrite(t, active[:2]...)
	b.mustWrite(t, old...)
	b.mustWrite(t, story(uuid.New(), 2)...) // another streamer's
	f := watchStreamer(t, b, streamer)
	if diff := cmp.Diff(active[1], next(t, f)); diff != "" {
		t.Errorf("the snapshot (-want +got):\n%s", diff)
	}
	b.mustWrite(t, active[2])
	if diff := cmp.Diff(active[2], next(t, f)); diff != "" {
		t.Errorf("a change, without missions that ended long ago (-want +got):\n%s", diff)
	}
	b.mustWrite(t, fresh...)
	if diff := cmp.Diff(fresh[1], next(t, f)); diff != "" {
		t.Errorf("a new mission (-want +got):\n%s", diff)
	}
	second := watchStreamer(t, b, streamer)
	got := map[uuid.UUID]int64{}
	for range 2 {
		e := next(t, second)
		got[e.Mission.ID] = e.Revision
	}
	want := map[uuid.UUID]int64{active[0].Mission.ID: 3, fresh[0].Mission.ID: 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a later client's snapshot (-want +got):\n%s", diff)
	}
	b.hubs.expectCounts(t, 1, 2)
}

func TestAStreamerWithManyMissionsIsFollowedInAWindowThatMissesNoChange(t *testing.T) {
	t.Parallel()
	b := open(t)
	streamer := uuid.New()
	oldest := story(streamer, 3)
	b.mustWrite(t, oldest[0])
	f := watchStreamer(t, b, streamer)
	next(t, f)
	for range streamerWindow + 5 {
		b.mustWrite(t, story(streamer, 1)...)
		next(t, f)
	}
	b.mustWrite(t, oldest[1])
	if got := next(t, f); got.Mission.ID != oldest[1].Mission.ID || got.Revision != 2 {
		t.Errorf("got event %d of %s, want the second of the oldest mission", got.Revision, got.Mission.ID)
	}
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if n := len(f.hub.state); n > streamerWindow {
		t.Errorf("the hub remembers %d missions, want at most %d", n, streamerWindow)
	}
}

func TestClosingTheBoardEndsEveryFeed(t *testing.T) {
	t.Parallel()
	b := open(t)
	mission, streamer := watchMission(t, b, uuid.New()), watchStreamer(t, b, uuid.New())
	b.hubs.close()
	for _, f := range []*Feed{mission, streamer} {
		if err := ended(t, f); err == nil {
			t.Error("the feed ended without a reason")
		}
	}
	if _, err := b.WatchMission(t.Context(), uuid.New()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("watching a closed board: error %v, want %v", err, fault.Unavailable)
	}
}

func TestAClientThatGivesUpWaitingLeavesNoListener(t *testing.T) {
	t.Parallel()
	b := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	stuck := func(ctx context.Context, _ *hub) error { <-ctx.Done(); return ctx.Err() }
	cancel()
	if _, err := b.hubs.join(ctx, topic{ofMission, uuid.New()}, stuck); !errors.Is(err, fault.Unavailable) {
		t.Errorf("error %v, want %v", err, fault.Unavailable)
	}
	b.hubs.expectCounts(t, 0, 0)
}

func TestAListenerThatFailsEndsItsFeedsAndTheNextClientStartsAnother(t *testing.T) {
	t.Parallel()
	b := open(t)
	broken := errors.New("broken")
	fail := make(chan struct{})
	failing := func(_ context.Context, h *hub) error {
		h.begin(nil)
		<-fail
		return broken
	}
	subject := topic{ofMission, uuid.New()}
	f, err := b.hubs.join(t.Context(), subject, failing)
	if err != nil {
		t.Fatal(err)
	}
	close(fail)
	if err := ended(t, f.(*Feed)); !errors.Is(err, broken) {
		t.Errorf("the feed says %v, want %v", err, broken)
	}
	if _, err := b.hubs.join(t.Context(), subject, func(context.Context, *hub) error { return broken }); !errors.Is(err, broken) || !errors.Is(err, fault.Unavailable) {
		t.Errorf("a listener that can't begin: error %v, want %v because of %v", err, fault.Unavailable, broken)
	}
	watchMission(t, b, subject.id)
}
