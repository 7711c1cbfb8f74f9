package functions

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/cloud/cloudsql"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/cloud/sendgrid"
	"example.com/missionpot/internal/cloud/telemetry"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/pg"
)

// lazily makes a function that builds its handler at the first request, so that
// a cold start pays only for the function that is called. A build that failed
// is tried again by the next request: the failure may have passed, and an
// instance that remembered it could never work again.
func lazily(row event.Step, build func(*opening) http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	var built http.HandlerFunc
	get := func(ctx context.Context) (http.HandlerFunc, error) {
		mu.Lock()
		defer mu.Unlock()
		if built != nil {
			return built, nil
		}
		// The clients outlive the first request.
		o := &opening{ctx: context.WithoutCancel(ctx), row: row}
		handler := build(o)
		if o.err != nil {
			o.giveUp()
			return nil, o.err
		}
		built = handler
		return built, nil
	}
	return func(w http.ResponseWriter, r *http.Request) {
		handler, err := get(r.Context())
		if err != nil {
			slog.ErrorContext(r.Context(), "function not started", "error", err)
			http.Error(w, "not started", http.StatusInternalServerError)
			return
		}
		handler(w, r)
	}
}

// opening opens what a function needs, one client after the other. After the
// first failure it opens nothing more, err says what failed, and the methods
// return values that must not be used. No method makes a call over the network:
// the clients connect when they are first used.
//
// A function opens what its row in the pipeline's table gives it: it has the rights to
// that and to nothing else.
type opening struct {
	ctx   context.Context
	row   event.Step
	parts []string // of the row that were opened
	err   error
	close []func()
}

// given notes that a part of the row is opened. It is an error if the row has no such
// part.
func (o *opening) given(has bool, part string) {
	o.parts = append(o.parts, part)
	if o.err == nil && !has {
		o.err = fmt.Errorf("terraform/pipeline.json gives %s no %s", o.row.Name, part)
	}
}

// open runs one step of an opening.
func open[T any](o *opening, make func() (T, error), closeIt func(T)) T {
	var none T
	if o.err != nil {
		return none
	}
	made, err := make()
	if err != nil {
		o.err = err
		return none
	}
	o.close = append(o.close, func() { closeIt(made) })
	return made
}

// giveUp closes what was opened, last first.
func (o *opening) giveUp() {
	for _, closeIt := range slices.Backward(o.close) {
		closeIt()
	}
}

// settings reads a function's settings and sets up the logger accordingly.
func (o *opening) settings(target any, p *config.Program) {
	if o.err = config.Load(o.ctx, target); o.err == nil {
		slog.SetDefault(telemetry.NewLogger(os.Stderr, p.Level, p.Project))
	}
}

func (o *opening) users(c config.UsersDatabase) *pg.Pool {
	o.given(slices.Contains(o.row.Databases, "users"), "users instance")
	dialer := o.dialer(c.UsersInstance)
	return open(o, func() (*pg.Pool, error) {
		return pg.Open(o.ctx, pg.Users, c.UsersURL.Reveal(), o.pool(), pg.Through(dialer.To(c.UsersInstance)))
	}, (*pg.Pool).Close)
}

func (o *opening) missions(c config.MissionsDatabase) *pg.Pool {
	o.given(slices.Contains(o.row.Databases, "missions"), "missions instance")
	dialer := o.dialer(c.MissionsInstance)
	return open(o, func() (*pg.Pool, error) {
		return pg.Open(o.ctx, pg.Missions, c.MissionsURL.Reveal(), o.pool(), pg.Through(dialer.To(c.MissionsInstance)))
	}, (*pg.Pool).Close)
}

// pool is how many connections one instance of the function opens to each database.
func (o *opening) pool() int32 { return int32(o.row.Pool) } // #nosec G115 -- a few

func (o *opening) dialer(instance string) *cloudsql.Dialer {
	return open(o, func() (*cloudsql.Dialer, error) { return cloudsql.Open(o.ctx, instance) }, closing[*cloudsql.Dialer])
}

func (o *opening) bus(project string) *bus.Bus {
	o.given(len(o.row.Publishes) > 0, "topic to publish to")
	return open(o, func() (*bus.Bus, error) { return bus.Open(o.ctx, project) }, closing[*bus.Bus])
}

func (o *opening) betLog(c config.Google) *betlog.Log {
	o.given(o.row.Firestore == "log", "bet log")
	return open(o, func() (*betlog.Log, error) { return betlog.Open(o.ctx, c.Project, c.FirestoreDatabase) }, closing[*betlog.Log])
}

func (o *opening) board(c config.Google) *liveboard.Board {
	o.given(o.row.Firestore == "board", "live board")
	return open(o, func() (*liveboard.Board, error) { return liveboard.Open(o.ctx, c.Project, c.FirestoreDatabase) }, closing[*liveboard.Board])
}

func (o *opening) deadLetters(c config.Google) *deadletter.Store {
	o.given(o.row.Firestore == "dead_letters", "dead letters")
	return open(o, func() (*deadletter.Store, error) { return deadletter.Open(o.ctx, c.Project, c.FirestoreDatabase) }, closing[*deadletter.Store])
}

func (o *opening) mail(c config.Mail) *sendgrid.SendGrid {
	return open(o, func() (*sendgrid.SendGrid, error) {
		key, err := c.Key()
		if err != nil {
			return nil, err
		}
		return sendgrid.New(key.Reveal(), c.Host, c.From, mailConnections)
	}, func(*sendgrid.SendGrid) {})
}

func (o *opening) payments(c config.Payments) payment.Provider {
	return open(o, func() (payment.Provider, error) {
		return payment.Open(c.Provider, c.SandboxAllowed, os.LookupEnv)
	}, func(payment.Provider) {})
}

// guarded makes a function accept pushes from the push account only. On Google
// Cloud the front end has already checked that account with IAM, and passes the
// token on without its signature. On one machine the emulator sends no tokens,
// and an explicit setting turns the check off.
func guarded(build func(*opening) http.HandlerFunc) func(*opening) http.HandlerFunc {
	return func(o *opening) http.HandlerFunc {
		handler := build(o)
		var c struct {
			config.Push
			config.Platform
		}
		if o.err == nil {
			o.err = config.Load(o.ctx, &c)
		}
		if o.err == nil {
			o.err = c.Push.Check(c.Platform)
		}
		if o.err != nil || c.Tokens == config.PushTokensOff {
			return handler
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		tokens := &token.PushTokens{
			Account: c.Account, KeysURL: token.GoogleKeys, FrontEnd: c.Tokens == config.PushTokensFrontEnd, Client: client, Now: time.Now,
		}
		return push.Only(tokens, c.Audience, handler)
	}
}

// closing closes a client and ignores the error, because there is nothing to do about it.
func closing[C interface{ Close() error }](client C) { _ = client.Close() }
