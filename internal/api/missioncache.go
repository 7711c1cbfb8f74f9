package api

import (
	"context"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/cache"
)

const (
	// missionAge is how old a mission may be when a bet looks at it. The ledger
	// decides in the end; this only spares the missions database a read per bet.
	missionAge = time.Second
	// maxMissions bounds the memory: at some 700 bytes each, 7 MB.
	maxMissions = 10_000
	// missionTime bounds the read that many callers wait for.
	missionTime = 5 * time.Second
)

// missionCache keeps missions for a second. Callers of the same mission share
// one read.
type missionCache struct {
	now      func() time.Time
	missions MissionReads
	known    *lru.Cache[uuid.UUID, *cache.Value[mission.Mission]]
}

func newMissionCache(now func() time.Time, missions MissionReads) *missionCache {
	known, err := lru.New[uuid.UUID, *cache.Value[mission.Mission]](maxMissions)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &missionCache{now, missions, known}
}

// get returns a mission as it was at most missionAge ago.
func (c *missionCache) get(ctx context.Context, id uuid.UUID) (mission.Mission, error) {
	return c.of(id).Get(ctx)
}

// fresh reads a mission now.
func (c *missionCache) fresh(ctx context.Context, id uuid.UUID) (mission.Mission, error) {
	return c.of(id).Fresh(ctx)
}

// put remembers a mission unless a newer state of it is known.
func (c *missionCache) put(m mission.Mission) { c.of(m.ID).Put(m) }

func (c *missionCache) of(id uuid.UUID) *cache.Value[mission.Mission] {
	if known, ok := c.known.Get(id); ok {
		return known
	}
	read := func(ctx context.Context) (mission.Mission, error) { return c.missions.ByID(ctx, id) }
	made := cache.New(read, cache.Options[mission.Mission]{
		Age: missionAge, Limit: missionTime, Now: c.now,
		Newer: func(m, known mission.Mission) bool { return m.Revision >= known.Revision },
	})
	if known, ok, _ := c.known.PeekOrAdd(id, made); ok {
		return known
	}
	return made
}
