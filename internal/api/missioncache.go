package api

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
)

const (
	// missionAge is how old a mission may be when a bet looks at it. The ledger
	// decides in the end; this only spares the missions database a read per bet.
	missionAge = time.Second
	// maxMissions bounds the memory: at some 500 bytes each, 5 MB.
	maxMissions = 10_000
	// missionTime bounds the read that many callers wait for.
	missionTime = 5 * time.Second
)

// missionCache keeps missions for a second. Callers of the same mission share
// one read.
type missionCache struct {
	now      func() time.Time
	missions MissionReads

	flights singleflight.Group
	mu      sync.Mutex
	known   map[uuid.UUID]seenMission
}

type seenMission struct {
	mission mission.Mission
	at      time.Time
}

func newMissionCache(now func() time.Time, missions MissionReads) *missionCache {
	return &missionCache{now: now, missions: missions, known: map[uuid.UUID]seenMission{}}
}

// get returns a mission as it was at most missionAge ago.
func (c *missionCache) get(ctx context.Context, id uuid.UUID) (mission.Mission, error) {
	c.mu.Lock()
	seen, ok := c.known[id]
	c.mu.Unlock()
	if ok && c.now().Sub(seen.at) < missionAge {
		return seen.mission, nil
	}
	return c.fresh(ctx, id)
}

// fresh reads a mission now, together with whoever else wants it. The read is
// nobody's own: a caller who leaves must not fail the others.
func (c *missionCache) fresh(ctx context.Context, id uuid.UUID) (mission.Mission, error) {
	results := c.flights.DoChan(id.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), missionTime)
		defer cancel()
		m, err := c.missions.ByID(ctx, id)
		if err == nil {
			c.put(m)
		}
		return m, err
	})
	select {
	case result := <-results:
		m, _ := result.Val.(mission.Mission)
		return m, result.Err
	case <-ctx.Done():
		return mission.Mission{}, fault.Unavailable.After(edge.RetryLater).Wrap(ctx.Err())
	}
}

// put remembers a mission unless a newer state of it is known.
func (c *missionCache) put(m mission.Mission) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen, ok := c.known[m.ID]; ok && seen.mission.Revision > m.Revision {
		return
	}
	if len(c.known) >= maxMissions {
		c.forget(now)
	}
	c.known[m.ID] = seenMission{m, now}
}

// forget makes room: it drops what is too old to be used, or else everything.
func (c *missionCache) forget(now time.Time) {
	for id, seen := range c.known {
		if now.Sub(seen.at) >= missionAge {
			delete(c.known, id)
		}
	}
	if len(c.known) >= maxMissions {
		clear(c.known)
	}
}
