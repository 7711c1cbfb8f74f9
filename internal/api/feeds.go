package api

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

// feeds opens places at the live board, and counts them by address.
type feeds struct {
	live   Live
	topics *topics
}

func (f feeds) ofMission(ctx context.Context, id uuid.UUID) (mission.Feed, error) {
	return f.open(ctx, id, f.live.WatchMission)
}

func (f feeds) ofStreamer(ctx context.Context, id uuid.UUID) (mission.Feed, error) {
	return f.open(ctx, id, f.live.WatchStreamer)
}

func (f feeds) open(ctx context.Context, id uuid.UUID, watch func(context.Context, uuid.UUID) (mission.Feed, error)) (mission.Feed, error) {
	leave, err := f.topics.enter(edge.Network(ctx), id)
	if err != nil {
		return nil, err
	}
	feed, err := watch(ctx, id)
	if err != nil {
		leave()
		return nil, err
	}
	return countedFeed{feed, leave}, nil
}

// countedFeed gives its address's place back when it is closed.
type countedFeed struct {
	mission.Feed
	leave func()
}

func (f countedFeed) Close() {
	f.Feed.Close()
	f.leave()
}

// maxTopics is how many missions and streamers one address watches on one instance. An
// instance has 400 listeners (internal/store/liveboard), one for each mission or streamer that
// anybody watches, so one address leaves three quarters to the rest. People watch one or
// two; many of a carrier's watch the same.
const maxTopics = 100

// topics counts what is watched, by address.
type topics struct {
	mu    sync.Mutex
	count map[string]map[uuid.UUID]int
}

func newTopics() *topics { return &topics{count: map[string]map[uuid.UUID]int{}} }

// enter counts a stream of an address in. The error is fault.Unavailable.
func (t *topics) enter(address string, topic uuid.UUID) (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	watched := t.count[address]
	if watched == nil {
		watched = map[uuid.UUID]int{}
		t.count[address] = watched
	}
	if watched[topic] == 0 && len(watched) >= maxTopics {
		return nil, fault.Unavailable.Because("Too many missions are watched from your address here.").After(5 * time.Second)
	}
	watched[topic]++
	return func() { t.leave(address, topic) }, nil
}

func (t *topics) leave(address string, topic uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	watched := t.count[address]
	if watched[topic]--; watched[topic] > 0 {
		return
	}
	if delete(watched, topic); len(watched) == 0 {
		delete(t.count, address)
	}
}
