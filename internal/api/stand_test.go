package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/auth/password"
	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/flow/redrive"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/store/reconciledb"
	"example.com/missionpot/migrations"
)

// stand is an API of a test's own, on databases and a Firestore of its own.
type stand struct {
	t        testing.TB
	url      string
	client   *http.Client // compares every call with the document
	handler  http.Handler
	users    storetest.Users
	missions storetest.Missions
	log      *betlog.Log
	board    *liveboard.Board
	copier   *eventcopy.Copier
	letters  *deadletter.Store
	tokens   *token.Issuer
	post     *post
	logged   *syncBuffer
	drain    chan struct{}
}

// newStand starts one. The changes are made to what the API is given.
func newStand(t testing.TB, changes ...func(*stand, *api.Dependencies)) *stand {
	t.Helper()
	s := &stand{t: t, logged: &syncBuffer{}, drain: make(chan struct{})}
	s.users, s.missions = storetest.NewUsers(t), storetest.NewMissions(t)
	s.board = s.missions.Live
	// The API itself has the rights it has in the cloud, and no others.
	users := s.pool(standtest.Programs(t, s.users.Pool.Config().ConnString(), migrations.Users)["api"])
	people, books, checks := peopledb.New(users), ledgerdb.New(users), reconciledb.New(users)
	held := missionsdb.New(s.pool(standtest.Programs(t, s.missions.Pool.Config().ConnString(), migrations.Missions)["api"]))
	project := standtest.Firestore(t)
	client, err := firestore.NewClient(t.Context(), project)
	s.ok(err)
	t.Cleanup(func() { _ = client.Close() })
	s.log = betlog.New(client)
	s.letters, err = deadletter.Open(t.Context(), project, "(default)")
	s.ok(err)
	t.Cleanup(func() { _ = s.letters.Close() })
	s.copier = eventcopy.New(held, s.board)
	s.post = &post{stand: s, deliver: true}
	private, err := token.GenerateSet()
	s.ok(err)
	keys, err := token.ParseSet(private)
	s.ok(err)
	s.tokens = &token.Issuer{Keys: keys, Name: "missionpot", Audience: "missionpot", Now: time.Now}
	hasher, err := password.New(password.Params{MemoryKiB: 64, Iterations: 1}, 4)
	s.ok(err)
	d := api.Dependencies{
		Accounts: people, Sessions: people, Logins: people, Resets: people, Factors: people, Operators: people, LoginKey: []byte("a key of the tests"),
		Charges: books, Books: books, Checks: checks,
		Missions: held, BetLog: s.log, Events: s.board, Live: s.board,
		DeadLetters: &redrive.Desk{DeadLetters: s.letters, Record: people, Publish: s.post.redrive},
		Publisher:   s.post, Board: boardStep{s.copier}, Passwords: hasher, Tokens: s.tokens, Payments: payment.Sandbox{},
		Probes:   []edge.Probe{{Name: "users database", Ping: s.users.Pool.Ping}, {Name: "missions database", Ping: s.missions.Pool.Ping}},
		Draining: s.drain, Now: time.Now,
		Log: slog.New(slog.NewJSONHandler(s.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(s, &d)
	}
	s.handler = api.New(d)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	described, err := described()
	s.ok(err)
	s.client = &http.Client{Transport: described.Transport(server.Client().Transport, s.report)}
	return s
}

// report fails the test for a call that is not as documented.
func (s *stand) report(err error) {
	if strings.Contains(err.Error(), "There is no such route.") {
		return // this instance plays a part that does not have the call
	}
	s.t.Error(err)
}

func (s *stand) pool(dsn string) *pg.Pool {
	s.t.Helper()
	return standtest.Pool(s.t, dsn, 5)
}

func (s *stand) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// post takes the API's events to the books at once, as the steps would, so that
// these tests need no queue. It can hold them back, or fail.
type post struct {
	stand *stand

	mu      sync.Mutex
	deliver bool
	err     error
	sent    []event.Event
}

func (p *post) Publish(ctx context.Context, events ...event.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.sent = append(p.sent, events...)
	if !p.deliver {
		return nil
	}
	ctx, cancel := stepTime(ctx)
	defer cancel()
	for _, e := range events {
		if err := p.stand.process(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// stepTime is how long a step may take. The API waits only a second for what a
// sweep repeats; these tests have no sweep, and a busy machine needs longer.
func stepTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}

// boardStep copies missions to the board as the step would.
type boardStep struct{ copier *eventcopy.Copier }

func (b boardStep) Mission(ctx context.Context, id uuid.UUID) error {
	ctx, cancel := stepTime(ctx)
	defer cancel()
	return b.copier.Mission(ctx, id)
}

// redrive takes a dead letter's message in.
func (p *post) redrive(ctx context.Context, _ event.Topic, data []byte, attributes map[string]string) error {
	e, err := event.Decode(event.Type(attributes[event.AttributeType]), data)
	if err != nil {
		return err
	}
	return p.Publish(ctx, e)
}

func (p *post) set(deliver bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deliver, p.err = deliver, err
}

func (p *post) events() []event.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]event.Event(nil), p.sent...)
}

// process does what the steps do for one event.
func (s *stand) process(ctx context.Context, e event.Event) error {
	switch e := e.(type) {
	case event.BetPlaced:
		rulings, err := s.users.Hold(ctx, []ledger.Bet{e.Bet()})
		if err != nil || rulings[0].Err != nil {
			return fmt.Errorf("hold: %w, %w", err, rulings[0].Err)
		}
		if err := s.users.RaiseStandings(ctx, []ledger.Contributor{{MissionID: e.MissionID, UserID: e.UserID}}); err != nil {
			return err
		}
		if rulings[0].Outcome == ledger.Declined {
			if e.Stake {
				_, _, err = s.missions.Unfund(ctx, e.MissionID)
			}
			return err
		}
		if _, _, err := s.missions.ApplyPot(ctx, rulings[0].Pot); err != nil {
			return err
		}
	case event.VerdictGiven:
		if _, err := s.users.CloseEscrow(ctx, e.Closing()); err != nil {
			return err
		}
		settled, err := s.users.SettleChunk(ctx, e.MissionID, 1000)
		for err == nil && settled == nil {
			settled, err = s.users.SettleChunk(ctx, e.MissionID, 1000)
		}
		if err != nil {
			return err
		}
		if _, _, err := s.missions.Settle(ctx, *settled); err != nil {
			return err
		}
	}
	return s.copier.Mission(ctx, e.Mission())
}

// reply is one answer of the API.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// call makes a request. A string body is sent as it is, anything else as JSON.
// Headers are pairs of name and value; an empty token is none.
func (s *stand) call(method, path, bearer string, body any, headers ...string) reply {
	s.t.Helper()
	var reader io.Reader
	if text, raw := body.(string); raw {
		reader = bytes.NewReader([]byte(text))
	} else if body != nil {
		encoded, err := json.Marshal(body)
		s.ok(err)
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, reader)
	s.ok(err)
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	s.ok(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	s.ok(err)
	return reply{s.t, method + " " + path, response.StatusCode, response.Header, answer}
}

// postKeyed makes a call that moves cash, with a key of its own.
func (s *stand) postKeyed(path, bearer string, body any, headers ...string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, path, bearer, body, append([]string{"Idempotency-Key", uuid.NewString()}, headers...)...)
}

func (s *stand) get(path, bearer string, headers ...string) reply {
	s.t.Helper()
	return s.call(http.MethodGet, path, bearer, nil, headers...)
}

// want ends the test unless the status is the expected one.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s answered %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// refused ends the test unless the answer is a problem of that code.
func (r reply) refused(status int, code string) edge.Problem {
	r.t.Helper()
	r.want(status)
	p := read[edge.Problem](r)
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("%s: the problem's media type is %q", r.what, got)
	}
	if p.Code != code || p.Status != status || p.Title == "" || p.Type != "/docs#"+code {
		r.t.Fatalf("%s: the problem is %s, want the code %s", r.what, r.body, code)
	}
	return p
}

func read[T any](r reply) T {
	r.t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%s: the body is not JSON: %v: %s", r.what, err, r.body)
	}
	return v
}

// syncBuffer collects the log of many requests.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
