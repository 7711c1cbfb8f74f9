package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/password"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/flow/redrive"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/reconciledb"
	"example.com/missionpot/internal/wire"
)

// connections is how many connections one instance opens to each database. The API only reads by
// key and writes single rows; with more connections, calls would wait in Postgres instead of here.
const connections = 10

// rememberedTokens is how many verified tokens one instance remembers; about 15 MB.
const rememberedTokens = 50_000

// newHandler opens what the API uses. /readyz reports what is unavailable.
func newHandler(clients *wire.Clients, c settings, log *slog.Logger, draining <-chan struct{}) (http.Handler, error) {
	d := dependencies(clients, c)
	d.Draining, d.Log = draining, log
	// The service for streams signs nothing and charges nobody, so it gets no keys and needs no
	// provider.
	if c.Role != config.RoleLive {
		d.Payments = clients.Payments()
		if err := signIns(&d, c); err != nil {
			return nil, err
		}
	}
	if err := clients.Err(); err != nil {
		return nil, err
	}
	return allowOrigins(api.New(d), c)
}

// allowOrigins takes a star on a stand of emulators only, for the pages that a
// developer's machine serves.
func allowOrigins(next http.Handler, c settings) (http.Handler, error) {
	for _, origin := range c.Origins {
		if !c.Local() && strings.Contains(origin, "*") {
			return nil, fmt.Errorf("settings: CORS_ORIGINS: %q is for a local stand only", origin)
		}
	}
	handler, err := api.AllowOrigins(next, c.Origins)
	if err != nil {
		return nil, fmt.Errorf("settings: CORS_ORIGINS: %w", err)
	}
	return handler, nil
}

func dependencies(clients *wire.Clients, c settings) api.Dependencies {
	users, board, topics := clients.Users(connections), clients.Board(), clients.Bus()
	pool := clients.Missions(connections)
	missions := missionsdb.New(pool)
	missions.Limits = mission.Limits(c.Missions)
	people, books := peopledb.New(users), ledgerdb.New(users)
	return api.Dependencies{
		Accounts: people, Sessions: people, Logins: people, Resets: people, Factors: people, Operators: people,
		Charges: books, Books: books, Checks: reconciledb.New(users),
		Missions: missions, BetLog: clients.BetLog(), Events: board, Live: board,
		DeadLetters: &redrive.Desk{DeadLetters: clients.DeadLetters(), Record: people, Publish: topics.PublishRaw},
		Publisher:   topics, Board: eventcopy.New(missions, board),
		Probes:     []edge.Probe{{Name: "users database", Ping: users.Ping}, {Name: "missions database", Ping: pool.Ping}},
		EventsOnly: c.Role == config.RoleLive, NoStreams: c.Role == config.RoleAPI, TrustedHops: c.TrustedHops,
		PerAddress: c.PerAddress, PerUser: c.PerUser, SignUps: c.SignUps, Hashes: c.Hashes,
		ExitOnly: c.ExitOnly, MaxCalls: c.MaxCalls, MaxStreams: c.MaxStreams, Now: time.Now,
	}
}

// signIns adds what makes and checks passwords and tokens.
func signIns(d *api.Dependencies, c settings) error {
	private, err := c.KeySet()
	if err != nil {
		return err
	}
	keys, err := token.ParseSet([]byte(private.Reveal()))
	if err != nil {
		return fmt.Errorf("settings: TOKEN_KEYS: %w", err)
	}
	issuer := &token.Issuer{Keys: keys, Name: c.Issuer, Audience: c.Audience, Now: time.Now}
	if d.Tokens, err = token.Remember(issuer, rememberedTokens); err != nil {
		return err
	}
	if d.LoginKey, err = keys.Derive("missionpot tries to sign in"); err != nil {
		return err
	}
	// Two hashes per processor keep it busy; each takes 19 MiB while it runs.
	d.Passwords, err = password.New(password.Recommended(), 2*runtime.GOMAXPROCS(0))
	return err
}
