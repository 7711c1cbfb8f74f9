package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/betlog"
	"example.com/missionpot/internal/board"
	"example.com/missionpot/internal/broadcast"
	"example.com/missionpot/internal/cloudsql"
	"example.com/missionpot/internal/config"
	"example.com/missionpot/internal/fault"
	"example.com/missionpot/internal/ledger"
	"example.com/missionpot/internal/mission"
	"example.com/missionpot/internal/missionsdb"
	"example.com/missionpot/internal/restore"
	"example.com/missionpot/internal/usersdb"
)

const connections = 2 // of each database

// parts are what a restore reads and writes.
type parts struct {
	users    *usersdb.DB
	missions *missionsdb.DB
	log      *betlog.Log
	board    *board.Board
	closers  []func()
}

func open(ctx context.Context) (_ *parts, err error) {
	var c struct {
		config.Google
		config.Databases
		config.Board
	}
	if err := config.Load(ctx, &c); err != nil {
		return nil, err
	}
	p := &parts{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	dialer, err := cloudsql.Open(ctx, c.UsersInstance, c.MissionsInstance)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = dialer.Close() })
	if p.users, err = usersdb.Open(ctx, c.UsersURL.Reveal(), connections, usersdb.Through(dialer.To(c.UsersInstance))); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, p.users.Close)
	if p.missions, err = missionsdb.Open(ctx, c.MissionsURL.Reveal(), connections, missionsdb.Through(dialer.To(c.MissionsInstance))); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, p.missions.Close)
	if p.log, err = betlog.Open(ctx, c.Project, c.FirestoreDatabase); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = p.log.Close() })
	if p.board, err = board.Open(ctx, c.Project, cmp.Or(c.BoardDatabase, c.FirestoreDatabase)); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = p.board.Close() })
	return p, nil
}

// close closes what was opened, in reverse order.
func (p *parts) close() {
	for _, closeIt := range slices.Backward(p.closers) {
		closeIt()
	}
}

func (p *parts) restoreLog(ctx context.Context) error {
	written, err := restore.LogEntries(ctx, p.users, p.missions, entries{p.log})
	fmt.Printf("restore: entries=%d\n", written)
	return err
}

func (p *parts) restoreBoard(ctx context.Context) error {
	missions, err := restore.BoardEvents(ctx, p.missions, broadcast.New(p.missions, p.board))
	fmt.Printf("restore: missions=%d\n", missions)
	return err
}

// entries is the log as a restore writes it.
type entries struct{ *betlog.Log }

func (entries) StakeID(c restore.Creation) uuid.UUID {
	return betlog.StakeID(c.MissionID, c.CreatorID, c.Key)
}

func (p *parts) restoreMissions(ctx context.Context) error {
	if _, err := p.users.TakeNoCash(ctx, "restore", "the missions instance is rebuilt"); err != nil {
		return err
	}
	r, err := restore.Missions(ctx, sources{p.users, p.log, p.board}, p.missions, time.Now)
	if err != nil {
		return err
	}
	for _, id := range r.Lost {
		fmt.Println("lost, and everybody gets their cash back: mission", id)
	}
	fmt.Printf("restore: missions=%d lost=%d\n", r.Missions, len(r.Lost))
	return nil
}

func (p *parts) restoreUsers(ctx context.Context, charges []ledger.Charge) error {
	if _, err := p.users.TakeNoCash(ctx, "restore", "the users instance went back"); err != nil {
		return err
	}
	r, err := restore.Users(ctx, p.users, p.log, p.missions, charges, time.Now)
	if err != nil {
		return err
	}
	for _, c := range r.Strangers {
		fmt.Printf("charge %s of %s: its user %s is unknown; the provider has the cash\n", c.ID, c.Amount, c.UserID)
	}
	for _, d := range r.Declined {
		fmt.Printf("bet %s of %s on mission %s by user %s: declined, %s\n", d.ID, d.Amount, d.MissionID, d.UserID, d.Reason)
	}
	for _, b := range r.Undecided {
		fmt.Printf("bet %s on mission %s: no escrow; the sweep will try again\n", b.ID, b.MissionID)
	}
	for _, c := range r.Changed {
		note := ""
		if c.Settled {
			note = "; it was settled, and people were mailed the former"
		}
		fmt.Printf("mission %s: its pot was %s and is %s%s\n", c.MissionID, c.Shown, c.Now, note)
	}
	fmt.Printf("restore: charges=%d strangers=%d bets=%d held=%d declined=%d undecided=%d settled=%d reopened=%d changed=%d\n",
		r.Charges, len(r.Strangers), r.Bets, r.Held, len(r.Declined), len(r.Undecided), r.Settled, r.Reopened, len(r.Changed))
	return nil
}

// sources is what a missions instance is rebuilt from.
type sources struct {
	*usersdb.DB
	log   *betlog.Log
	board *board.Board
}

func (s sources) Boards(ctx context.Context, after uuid.UUID, limit int) ([]mission.Event, error) {
	return s.board.Boards(ctx, after, limit)
}

func (s sources) Since(ctx context.Context, shard int, after ledger.Mark, before time.Time, limit int) ([]ledger.Logged, error) {
	return s.log.Since(ctx, shard, after, before, limit)
}

// Terms returns the streamer's current terms, or the defaults for an unknown streamer.
func (s sources) Terms(ctx context.Context, streamer uuid.UUID) (mission.Terms, error) {
	u, err := s.UserByID(ctx, streamer)
	if errors.Is(err, fault.NotFound) {
		return account.DefaultTerms(), nil
	}
	return u.Terms, err
}
