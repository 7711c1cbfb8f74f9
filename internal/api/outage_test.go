package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/mission"
)

// hanging is a Pub/Sub that takes nothing and says nothing.
type hanging struct{}

func (hanging) Publish(ctx context.Context, _ ...event.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestCallsAreAnsweredWithinMomentsWhilePublishingHangs(t *testing.T) {
	t.Parallel()
	var inner api.Publisher
	var stuck atomic.Bool
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		inner = d.Publisher
		d.Publisher = publisherFunc(func(ctx context.Context, events ...event.Event) error {
			if stuck.Load() {
				return hanging{}.Publish(ctx, events...)
			}
			return inner.Publish(ctx, events...)
		})
	})
	mina, jun := s.viewer("mina", 10_000), s.signUp("jun", true)
	m := s.mission(mina, jun, 1_000)
	stuck.Store(true)
	// In this order: nobody can bet after the verdict.
	for _, c := range []struct {
		name string
		call func() reply
	}{
		{"a bet", func() reply {
			return s.postKeyed(betsOf(m), mina.token, object{"amount": 100}).want(http.StatusAccepted)
		}},
		{"a mission", func() reply { return s.postKeyed("/v1/missions", mina.token, draft(jun, 100)).want(http.StatusCreated) }},
		{"a verdict", func() reply {
			return s.call(http.MethodPost, "/v1/missions/"+m.ID.String()+"/success", jun.token, nil).want(http.StatusOK)
		}},
	} {
		began := time.Now()
		c.call()
		// Publishing gives up after a second; without that a call takes ten and more.
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("%s was answered after %s, want about a second", c.name, took)
		}
	}
	if got := read[mission.Snapshot](s.get("/v1/missions/"+m.ID.String(), "").want(http.StatusOK)); got.Status != mission.Succeeded {
		t.Errorf("the mission is %s, want succeeded", got.Status)
	}
}

type publisherFunc func(ctx context.Context, events ...event.Event) error

func (f publisherFunc) Publish(ctx context.Context, events ...event.Event) error {
	return f(ctx, events...)
}

// failing is a users database that fails in one way.
type failing struct {
	api.Books
	err error
}

func (f failing) Wallets(context.Context, []uuid.UUID) ([]account.Wallet, error) {
	return nil, fmt.Errorf("read wallets: %w", f.err)
}

// unsent is what pgx says of a query that never reached Postgres.
type unsent struct{ error }

func (unsent) SafeToRetry() bool { return true }

func TestWhatPassesByItselfIs503WithATimeToRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"Postgres crashed in the middle of an answer": {io.ErrUnexpectedEOF, http.StatusServiceUnavailable},
		"the connection was closed":                   {io.EOF, http.StatusServiceUnavailable},
		"the connection was closed by us":             {net.ErrClosed, http.StatusServiceUnavailable},
		"the connection was reset":                    {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, http.StatusServiceUnavailable},
		"nobody listens":                              {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, http.StatusServiceUnavailable},
		"the query never left":                        {unsent{errors.New("conn closed")}, http.StatusServiceUnavailable},
		"Postgres is asked to stop":                   {&pgconn.PgError{Code: "57P01"}, http.StatusServiceUnavailable},
		"Postgres recovers":                           {&pgconn.PgError{Code: "57P03"}, http.StatusServiceUnavailable},
		"Postgres has no connection left":             {&pgconn.PgError{Code: "53300"}, http.StatusServiceUnavailable},
		"a deadlock":                                  {&pgconn.PgError{Code: "40P01"}, http.StatusServiceUnavailable},
		"a statement that is wrong":                   {&pgconn.PgError{Code: "42601"}, http.StatusInternalServerError},
		"anything else":                               {errors.New("no idea"), http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Books = failing{d.Books, c.err} })
			mina := s.signUp("mina", false)
			r := s.get("/v1/users/me", mina.token).want(c.want)
			if wait := r.header.Get("Retry-After"); (wait != "") != (c.want == http.StatusServiceUnavailable) {
				t.Errorf("answered %d with Retry-After %q", r.status, wait)
			}
		})
	}
}
