// Package wire opens the clients of a program. Every kind of client is opened here
// and nowhere else, from the settings in the environment that it needs, so a
// program only says which clients it uses. Only programs import it.
package wire

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/telemetry"
)

// closeTime is how long Close waits for the clients. Cloud Run kills an instance 10
// seconds after the signal to stop, and most of them are for the calls in progress.
const closeTime = 5 * time.Second

// Clients opens one client after the other. After the first failure it opens nothing
// more: Err says what failed, and the methods return values that must not be used.
//
// No method makes a call over the network. The clients connect when they are first
// used, so a program starts even while a database is unavailable.
type Clients struct {
	ctx     context.Context // of the clients, which is longer than that of one call
	err     error
	closers []func() error
}

// New is without clients yet. They may use the context until they are closed.
func New(ctx context.Context) *Clients { return &Clients{ctx: ctx} }

// Err is the first error, or nil.
func (c *Clients) Err() error { return c.err }

// Fail stops the opening, unless it has failed before.
func (c *Clients) Fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Settings reads a group of settings from the environment.
func (c *Clients) Settings(group any) {
	if c.err == nil {
		c.err = config.Load(c.ctx, group)
	}
}

// Log sets up the logger of a program.
func (c *Clients) Log() *slog.Logger {
	s := settings[config.Program](c)
	log := telemetry.NewLogger(os.Stderr, s.Level, s.Project)
	if c.err == nil {
		slog.SetDefault(log)
	}
	return log
}

// Close closes what was opened, last first.
func (c *Clients) Close() error {
	closed := make(chan error, 1)
	go func() {
		var errs []error
		for _, closeIt := range slices.Backward(c.closers) {
			errs = append(errs, closeIt())
		}
		closed <- errors.Join(errs...)
	}()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeTime):
		return errors.New("the clients did not close in time")
	}
}

// Open opens one client, unless something has failed before. Close closes it.
func Open[C any](c *Clients, open func() (C, error), closeIt func(C) error) C {
	var none C
	if c.err != nil {
		return none
	}
	client, err := open()
	if err != nil {
		c.err = err
		return none
	}
	c.closers = append(c.closers, func() error { return closeIt(client) })
	return client
}

func settings[S any](c *Clients) (s S) {
	c.Settings(&s)
	return s
}
