package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/password"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/cloud/cloudsql"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/flow/redrive"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/store/reconciledb"
)

// connections is how many connections one instance opens to each database. The API only reads by
// key and writes single rows; with more connections, calls would wait in Postgres instead of here.
const connections = 10

// parts are the clients of everything the API uses.
type parts struct {
	users    *pg.Pool
	missions *pg.Pool
	log      *betlog.Log
	board    *liveboard.Board
	letters  *deadletter.Store
	bus      *bus.Bus
	closers  []func()
}

// open connects to everything. The clients make no call until they are used, so an instance starts
// even while a database is unavailable; /readyz reports that.
func open(ctx context.Context, c settings) (*parts, error) {
	p := &parts{}
	var err error
	fail := func(err error) (*parts, error) {
		p.close()
		return nil, err
	}
	dialer, err := cloudsql.Open(ctx, c.UsersInstance, c.MissionsInstance)
	if err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, closing(dialer))
	if p.users, err = pg.Open(ctx, pg.Users, c.UsersURL.Reveal(), connections, pg.Through(dialer.To(c.UsersInstance))); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, p.users.Close)
	if p.missions, err = pg.Open(ctx, pg.Missions, c.MissionsURL.Reveal(), connections, pg.Through(dialer.To(c.MissionsInstance))); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, p.missions.Close)
	if p.log, err = betlog.Open(ctx, c.Project, c.FirestoreDatabase); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, closing(p.log))
	if p.board, err = liveboard.Open(ctx, c.Project, cmp.Or(c.BoardDatabase, c.FirestoreDatabase)); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, closing(p.board))
	if p.letters, err = deadletter.Open(ctx, c.Project, cmp.Or(c.DeadLettersDatabase, c.FirestoreDatabase)); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, closing(p.letters))
	if p.bus, err = bus.Open(ctx, c.Project); err != nil {
		return fail(err)
	}
	p.closers = append(p.closers, closing(p.bus))
	return p, nil
}

func closing(client interface{ Close() error }) func() {
	return func() {
		if err := client.Close(); err != nil {
			slog.Warn("close a client", "error", err)
		}
	}
}

// close closes what was opened, in reverse order.
func (p *parts) close() {
	for _, closeIt := range slices.Backward(p.closers) {
		closeIt()
	}
}

// rememberedTokens is how many verified tokens one instance remembers; about 15 MB.
const rememberedTokens = 50_000

func (p *parts) handler(c settings, log *slog.Logger, draining <-chan struct{}) (http.Handler, error) {
	// Two hashes per processor keep it busy; each takes 19 MiB while it runs.
	passwords, err := password.New(password.Recommended(), 2*runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	people, books, checks := peopledb.New(p.users), ledgerdb.New(p.users), reconciledb.New(p.users)
	missions := missionsdb.New(p.missions)
	missions.Limits = mission.Limits(c.Missions)
	d := api.Dependencies{
		Accounts: people, Sessions: people, Logins: people, Resets: people, Factors: people, Operators: people,
		Charges: books, Books: books, Checks: checks,
		Missions: missions, BetLog: p.log, Events: p.board, Live: p.board,
		DeadLetters: &redrive.Desk{Letters: p.letters, Record: people, Publish: p.bus.PublishRaw},
		Publisher:   p.bus, Board: eventcopy.New(missions, p.board),
		Passwords: passwords,
		Probes: []edge.Probe{
			{Name: "users database", Ping: p.users.Ping},
			{Name: "missions database", Ping: p.missions.Ping},
		},
		EventsOnly: c.Role == config.RoleLive, NoStreams: c.Role == config.RoleAPI, TrustedHops: c.TrustedHops,
		PerAddress: c.PerAddress, PerUser: c.PerUser, SignUps: c.SignUps, Hashes: c.Hashes,
		ExitOnly: c.ExitOnly, Draining: draining, MaxCalls: c.MaxCalls, MaxStreams: c.MaxStreams,
		Now: time.Now, Log: log,
	}
	// The service for streams signs nothing and charges nobody, so it gets no keys and needs no
	// provider.
	if c.Role != config.RoleLive {
		keys, err := signingKeys(c)
		if err != nil {
			return nil, err
		}
		issuer := &token.Issuer{Keys: keys, Name: c.Issuer, Audience: c.Audience, Now: time.Now}
		if d.Tokens, err = token.Remember(issuer, rememberedTokens); err != nil {
			return nil, err
		}
		if d.LoginKey, err = keys.Derive("missionpot tries to sign in"); err != nil {
			return nil, err
		}
		if d.Payments, err = provider(c); err != nil {
			return nil, err
		}
	}
	handler, err := api.AllowOrigins(api.New(d), c.Origins)
	if err != nil {
		return nil, fmt.Errorf("settings: CORS_ORIGINS: %w", err)
	}
	return handler, nil
}

func signingKeys(c settings) (*token.Keys, error) {
	private, err := c.KeySet()
	if err != nil {
		return nil, err
	}
	keys, err := token.ParseSet([]byte(private.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("settings: TOKEN_KEYS: %w", err)
	}
	return keys, nil
}

func provider(c settings) (payment.Provider, error) {
	return payment.Open(c.Provider, c.SandboxAllowed, os.LookupEnv)
}
