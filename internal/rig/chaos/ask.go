package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// outcome is what the API finally reports to a bet's owner.
type outcome struct {
	Status string  `json:"status"`
	Reason *string `json:"reason"`
	Amount int64   `json:"amount"`
}

// declined reports whether no cash moved.
func (o outcome) declined() bool { return o.Status == "declined" }

// reported is what the API reports after the run: each client's own bets and cash, and every
// mission.
type reported struct {
	bets     map[uuid.UUID]outcome
	missions map[uuid.UUID]string // status
	cash     map[uuid.UUID]int64  // available, by user
	held     int64                // of all users together
}

// ask reads all of it through the API, as the clients would.
func (c *clients) ask(ctx context.Context, m *Model) (*reported, error) {
	t := &reported{bets: map[uuid.UUID]outcome{}, missions: map[uuid.UUID]string{}, cash: map[uuid.UUID]int64{}}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cap(c.places))
	for i := range m.Bets {
		b := &m.Bets[i]
		for _, id := range b.IDs {
			path := fmt.Sprintf("/v1/missions/%s/bets/%s", m.Missions[b.Mission].ID, id)
			group.Go(func() error {
				o, found, err := read[outcome](ctx, c, call{method: http.MethodGet, path: path, user: b.User})
				if found {
					mu.Lock()
					defer mu.Unlock()
					t.bets[id] = o
				}
				return err
			})
		}
	}
	for _, mission := range m.Missions {
		if !mission.Acked {
			continue
		}
		group.Go(func() error {
			seen, found, err := read[struct {
				Status string `json:"status"`
			}](ctx, c, call{method: http.MethodGet, path: "/v1/missions/" + mission.ID.String(), user: nobody})
			if found {
				mu.Lock()
				defer mu.Unlock()
				t.missions[mission.ID] = seen.Status
			}
			return err
		})
	}
	for place, a := range m.Plan.Accounts {
		group.Go(func() error {
			me, _, err := read[struct {
				Cash struct {
					Available int64 `json:"available"`
					Held      int64 `json:"held"`
				} `json:"cash"`
			}](ctx, c, call{method: http.MethodGet, path: "/v1/users/me", user: place})
			mu.Lock()
			defer mu.Unlock()
			t.cash[a.ID] = me.Cash.Available
			t.held += me.Cash.Held
			return err
		})
	}
	return t, group.Wait()
}

// read reads one resource. It returns false if the resource does not exist.
func read[T any](ctx context.Context, c *clients, q call) (thing T, found bool, err error) {
	a, _, err := c.insist(ctx, q)
	if err != nil || !a.ok() {
		return thing, false, err
	}
	if err := json.Unmarshal(a.body, &thing); err != nil {
		return thing, false, fmt.Errorf("read %s: %w", q.path, err)
	}
	return thing, true, nil
}
