package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/cloud/cloudsql"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
)

// connections is how many each database is given: a check holds a snapshot with one and writes
// with the other. terraform/outputs.tf counts them.
const connections = 2

// opening opens what a command needs. After an error it opens nothing more, so a command
// looks at err once.
type opening struct {
	err     error
	closers []func() error
}

// with gives a command an opening, and closes at the end what was opened, last first.
func with(do func(*opening) error) error {
	o := &opening{}
	err := do(o)
	for _, closeIt := range slices.Backward(o.closers) {
		err = errors.Join(err, closeIt())
	}
	return err
}

// load reads a group of settings, and reports whether all is well so far.
func (o *opening) load(ctx context.Context, settings any) bool {
	if o.err == nil {
		o.err = config.Load(ctx, settings)
	}
	return o.err == nil
}

// opened keeps how to close a client that was opened without an error.
func (o *opening) opened(err error, closeIt func() error) {
	if o.err = err; err == nil {
		o.closers = append(o.closers, closeIt)
	}
}

func (o *opening) dialer(ctx context.Context, instance string) *cloudsql.Dialer {
	dialer, err := cloudsql.Open(ctx, instance)
	o.opened(err, func() error { return dialer.Close() })
	return dialer
}

func (o *opening) users(ctx context.Context) *pg.Pool {
	var c config.UsersDatabase
	if !o.load(ctx, &c) {
		return nil
	}
	dialer := o.dialer(ctx, c.UsersInstance)
	if o.err != nil {
		return nil
	}
	pool, err := pg.Open(ctx, pg.Users, c.UsersURL.Reveal(), connections, pg.Through(dialer.To(c.UsersInstance)))
	o.opened(err, func() error { pool.Close(); return nil })
	return pool
}

func (o *opening) missions(ctx context.Context) *missionsdb.DB {
	var c config.MissionsDatabase
	if !o.load(ctx, &c) {
		return nil
	}
	dialer := o.dialer(ctx, c.MissionsInstance)
	if o.err != nil {
		return nil
	}
	pool, err := pg.Open(ctx, pg.Missions, c.MissionsURL.Reveal(), connections, pg.Through(dialer.To(c.MissionsInstance)))
	o.opened(err, func() error { pool.Close(); return nil })
	return missionsdb.New(pool)
}

func (o *opening) betLog(ctx context.Context) *betlog.Log {
	var c config.Google
	if !o.load(ctx, &c) {
		return nil
	}
	log, err := betlog.Open(ctx, c.Project, c.FirestoreDatabase)
	o.opened(err, func() error { return log.Close() })
	return log
}

func (o *opening) liveBoard(ctx context.Context) *liveboard.Board {
	var c struct {
		config.Google
		config.Board
	}
	if !o.load(ctx, &c) {
		return nil
	}
	live, err := liveboard.Open(ctx, c.Project, cmp.Or(c.BoardDatabase, c.FirestoreDatabase))
	o.opened(err, func() error { return live.Close() })
	return live
}

func (o *opening) deadLetters(ctx context.Context) *deadletter.Store {
	var c struct {
		config.Google
		config.DeadLetters
	}
	if !o.load(ctx, &c) {
		return nil
	}
	letters, err := deadletter.Open(ctx, c.Project, cmp.Or(c.DeadLettersDatabase, c.FirestoreDatabase))
	o.opened(err, func() error { return letters.Close() })
	return letters
}

func (o *opening) topics(ctx context.Context) *bus.Bus {
	var c config.Google
	if !o.load(ctx, &c) {
		return nil
	}
	topics, err := bus.Open(ctx, c.Project)
	o.opened(err, func() error { return topics.Close() })
	return topics
}

// withUsers is with for commands that need one store of the users database alone.
func withUsers[S any](ctx context.Context, store func(*pg.Pool) S, do func(S) error) error {
	return with(func(o *opening) error {
		users := o.users(ctx)
		if o.err != nil {
			return o.err
		}
		return do(store(users))
	})
}
