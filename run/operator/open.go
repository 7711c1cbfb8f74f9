package main

import (
	"context"
	"errors"

	"example.com/missionpot/internal/store/missionsdb"
	"example.com/missionpot/internal/store/pg"
	"example.com/missionpot/internal/wire"
)

// connections is how many each database is given: a check holds a snapshot with one and writes
// with the other. terraform/outputs.tf counts them.
const connections = 2

// opening opens what a command needs. A command looks at its error once, before it uses the clients.
type opening struct{ *wire.Clients }

// with gives a command an opening, and closes at the end what was opened.
func with(ctx context.Context, do func(opening) error) error {
	o := opening{wire.New(ctx)}
	return errors.Join(do(o), o.Close())
}

func (o opening) users() *pg.Pool { return o.Users(connections) }

func (o opening) missions() *missionsdb.DB { return missionsdb.New(o.Missions(connections)) }

// withUsers is with for commands that need one store of the users database alone.
func withUsers[S any](ctx context.Context, store func(*pg.Pool) S, do func(S) error) error {
	return with(ctx, func(o opening) error {
		users := o.users()
		if err := o.Err(); err != nil {
			return err
		}
		return do(store(users))
	})
}
