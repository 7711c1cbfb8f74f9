package functions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/wire"
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
		o := newOpening(ctx, row)
		handler := build(o)
		if err := o.Err(); err != nil {
			return nil, errors.Join(err, o.Close())
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

// opening opens what a function needs. A function opens what its row in the
// pipeline's table gives it: it has the rights to that and to nothing else.
type opening struct {
	*wire.Clients
	row   event.Step
	parts []string // of the row that were opened
}

// newOpening opens for a function. Its clients outlive the first request.
func newOpening(ctx context.Context, row event.Step) *opening {
	return &opening{Clients: wire.New(context.WithoutCancel(ctx)), row: row}
}

// given notes that a part of the row is opened. It is an error if the row has no such
// part.
func (o *opening) given(has bool, part string) {
	o.parts = append(o.parts, part)
	if !has {
		o.Fail(fmt.Errorf("terraform/pipeline.json gives %s no %s", o.row.Name, part))
	}
}

func (o *opening) users() *pg.Pool {
	o.given(slices.Contains(o.row.Databases, "users"), "users instance")
	return o.Users(o.pool())
}

func (o *opening) missions() *pg.Pool {
	o.given(slices.Contains(o.row.Databases, "missions"), "missions instance")
	return o.Missions(o.pool())
}

// pool is how many connections one instance of the function opens to each database.
func (o *opening) pool() int32 { return int32(o.row.Pool) } // #nosec G115 -- a few

func (o *opening) bus() *bus.Bus {
	o.given(len(o.row.Publishes) > 0, "topic to publish to")
	return o.Bus()
}

func (o *opening) betLog() *betlog.Log {
	o.given(o.row.Firestore == "log", "bet log")
	return o.BetLog()
}

func (o *opening) board() *liveboard.Board {
	o.given(o.row.Firestore == "board", "live board")
	return o.Board()
}

func (o *opening) deadLetters() *deadletter.Store {
	o.given(o.row.Firestore == "dead_letters", "dead letters")
	return o.DeadLetters()
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
		o.Settings(&c)
		if o.Err() == nil {
			o.Fail(c.Push.Check(c.Platform))
		}
		if o.Err() != nil || c.Tokens == config.PushTokensOff {
			return handler
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		tokens := &token.PushTokens{
			Account: c.Account, KeysURL: token.GoogleKeys, FrontEnd: c.Tokens == config.PushTokensFrontEnd, Client: client, Now: time.Now,
		}
		return push.Only(tokens, c.Audience, handler)
	}
}
