package wire

import (
	"cmp"
	"os"

	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/cloud/cloudsql"
	"example.com/missionpot/internal/cloud/config"
	"example.com/missionpot/internal/cloud/payment"
	"example.com/missionpot/internal/cloud/sendgrid"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/liveboard"
	"example.com/missionpot/internal/store/pg"
)

// Users opens a pool of so many connections to the users instance.
func (c *Clients) Users(connections int32) *pg.Pool {
	s := settings[config.UsersDatabase](c)
	return c.pool(pg.Users, s.UsersURL, s.UsersInstance, connections)
}

// Missions opens a pool of so many connections to the missions instance.
func (c *Clients) Missions(connections int32) *pg.Pool {
	s := settings[config.MissionsDatabase](c)
	return c.pool(pg.Missions, s.MissionsURL, s.MissionsInstance, connections)
}

func (c *Clients) pool(in pg.Instance, url config.Secret, instance string, connections int32) *pg.Pool {
	dialer := Open(c, func() (*cloudsql.Dialer, error) { return cloudsql.Open(c.ctx, instance) }, (*cloudsql.Dialer).Close)
	open := func() (*pg.Pool, error) {
		return pg.Open(c.ctx, in, url.Reveal(), connections, pg.Through(dialer.To(instance)))
	}
	return Open(c, open, func(p *pg.Pool) error { p.Close(); return nil })
}

// BetLog opens the bet log.
func (c *Clients) BetLog() *betlog.Log {
	s := settings[config.Google](c)
	return Open(c, func() (*betlog.Log, error) { return betlog.Open(c.ctx, s.Project, s.FirestoreDatabase) }, (*betlog.Log).Close)
}

// Board opens the live board.
func (c *Clients) Board() *liveboard.Board {
	s := settings[config.Google](c)
	database := cmp.Or(s.BoardDatabase, s.FirestoreDatabase)
	return Open(c, func() (*liveboard.Board, error) { return liveboard.Open(c.ctx, s.Project, database) }, (*liveboard.Board).Close)
}

// DeadLetters opens the store of dead letters.
func (c *Clients) DeadLetters() *deadletter.Store {
	s := settings[config.Google](c)
	database := cmp.Or(s.DeadLettersDatabase, s.FirestoreDatabase)
	return Open(c, func() (*deadletter.Store, error) { return deadletter.Open(c.ctx, s.Project, database) }, (*deadletter.Store).Close)
}

// Bus opens the topics to publish to.
func (c *Clients) Bus() *bus.Bus {
	s := settings[config.Google](c)
	return Open(c, func() (*bus.Bus, error) { return bus.Open(c.ctx, s.Project) }, (*bus.Bus).Close)
}

// Mail makes a client of SendGrid with so many connections, one for each mail under way.
func (c *Clients) Mail(connections int) *sendgrid.SendGrid {
	s := settings[config.Mail](c)
	open := func() (*sendgrid.SendGrid, error) {
		key, err := s.Key()
		if err != nil {
			return nil, err
		}
		return sendgrid.New(key.Reveal(), s.Host, s.From, connections)
	}
	return Open(c, open, func(*sendgrid.SendGrid) error { return nil })
}

// Payments makes the client of the payment provider.
func (c *Clients) Payments() payment.Provider {
	s := settings[config.Payments](c)
	open := func() (payment.Provider, error) { return payment.Open(s.Provider, s.SandboxAllowed, os.LookupEnv) }
	return Open(c, open, func(payment.Provider) error { return nil })
}
