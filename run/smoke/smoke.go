package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/rig/client"
)

// Whole won. They are the smallest amounts that the API accepts, because the sandbox's cash stays
// in the books.
const (
	stake  = 100
	bet    = 100
	charge = 100
)

// people are the people of one run. They take part in all of its missions.
type people struct {
	creator, viewer, streamer *client.Person
}

func smoke(ctx context.Context, out io.Writer, o options) error {
	end := time.Now().Add(o.duration)
	who, err := signUp(ctx, o)
	if err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	fmt.Fprintln(out, "three people signed up")
	for {
		start := time.Now()
		mission, err := play(ctx, o, who)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "mission %s settled, books right, after %v\n", mission, time.Since(start).Round(time.Millisecond))
		if time.Now().Add(o.pause).After(end) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.pause):
		}
	}
}

func signUp(ctx context.Context, o options) (people, error) {
	var who people
	id := uuid.NewString()
	for _, p := range []struct {
		person   **client.Person
		name     string
		streamer bool
	}{{&who.creator, "Creator", false}, {&who.viewer, "Viewer", false}, {&who.streamer, "Streamer", true}} {
		email := fmt.Sprintf("smoke-%s-%s@%s", p.name, id, o.mailDomain)
		var err error
		if *p.person, err = client.SignUp(ctx, o.api, "Smoke "+p.name, email, p.streamer); err != nil {
			return people{}, err
		}
	}
	return who, nil
}

// play plays one mission from the charges to its settlement.
func play(ctx context.Context, o options, who people) (mission string, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	before, err := cash(ctx, who.streamer)
	if err != nil {
		return "", err
	}
	for _, p := range []*client.Person{who.creator, who.viewer} {
		if err := p.PostOnce(ctx, "/v1/users/me/charges", uuid.NewString(), map[string]any{"amount": charge}, nil); err != nil {
			return "", fmt.Errorf("charge: %w", err)
		}
	}
	if mission, err = create(ctx, who); err != nil {
		return "", err
	}
	group, together := errgroup.WithContext(ctx)
	if o.live != "" {
		group.Go(func() error {
			return client.Client{Base: o.live}.AwaitEvent(together, "/v1/missions/"+mission+"/events", "settled")
		})
	}
	group.Go(func() error { return finish(together, who, mission) })
	if err := group.Wait(); err != nil {
		return "", fmt.Errorf("mission %s: %w", mission, err)
	}
	after, err := cash(ctx, who.streamer)
	if err != nil {
		return "", err
	}
	if after-before != stake+bet {
		return "", fmt.Errorf("mission %s: the streamer got %d won, want %d", mission, after-before, stake+bet)
	}
	return mission, nil
}

func create(ctx context.Context, who people) (string, error) {
	body := map[string]any{
		"streamer_id": who.streamer.ID, "title": "Smoke test", "description": "",
		"stake": stake, "time_limit_seconds": 3600,
	}
	var created struct {
		ID string `json:"id"`
	}
	if err := who.creator.PostOnce(ctx, "/v1/missions", uuid.NewString(), body, &created); err != nil {
		return "", fmt.Errorf("create a mission: %w", err)
	}
	return created.ID, nil
}

// finish adds the second bet, gives the verdict and waits for the settlement.
func finish(ctx context.Context, who people, mission string) error {
	path := "/v1/missions/" + mission
	if err := await(ctx, who.creator, path, "an active pot", func(b board) bool { return b.Status == "active" && b.Reward == stake }); err != nil {
		return err
	}
	if err := who.viewer.PostOnce(ctx, path+"/bets", uuid.NewString(), map[string]any{"amount": bet}, nil); err != nil {
		return fmt.Errorf("bet: %w", err)
	}
	if err := await(ctx, who.creator, path, "the whole pot", func(b board) bool { return b.Reward == stake+bet }); err != nil {
		return err
	}
	if err := who.streamer.Post(ctx, path+"/success", nil, nil); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	return await(ctx, who.creator, path, "the settlement", func(b board) bool { return b.SettledAt != "" })
}

// board is the part of the API's mission that the smoke test reads.
type board struct {
	Status    string `json:"status"`
	Reward    int64  `json:"reward"` // won
	SettledAt string `json:"settled_at"`
}

// await polls the mission twice a second, until it meets the condition or ctx ends.
func await(ctx context.Context, as *client.Person, path, what string, wanted func(board) bool) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		var seen board
		err := as.Get(ctx, path, &seen)
		if ctx.Err() != nil {
			return fmt.Errorf("no sign of %s in time: %w", what, errors.Join(ctx.Err(), err))
		}
		if err != nil {
			return err
		}
		if wanted(seen) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no sign of %s in time, last seen %+v: %w", what, seen, ctx.Err())
		case <-tick.C:
		}
	}
}

// cash returns what a person can spend, in won.
func cash(ctx context.Context, p *client.Person) (int64, error) {
	var account struct {
		Cash struct {
			Available int64 `json:"available"`
		} `json:"cash"`
	}
	if err := p.Get(ctx, "/v1/users/me", &account); err != nil {
		return 0, fmt.Errorf("read the cash: %w", err)
	}
	return account.Cash.Available, nil
}
