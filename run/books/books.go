package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"example.com/missionpot/internal/betlog"
	"example.com/missionpot/internal/books"
	"example.com/missionpot/internal/cloudsql"
	"example.com/missionpot/internal/config"
	"example.com/missionpot/internal/missionsdb"
	"example.com/missionpot/internal/usersdb"
)

const (
	connections = 2 // of each database: one for the snapshot, one for writes
	maxChanges  = 10
)

type options struct {
	by, reason   string
	settle, late time.Duration
}

func usual() options { return options{settle: books.UsualSettle, late: books.UsualLate} }

// parts are what the command works on.
type parts struct {
	users   *usersdb.DB
	checker books.Checker
	closers []func()
}

func open(ctx context.Context) (_ *parts, err error) {
	var c struct {
		config.Google
		config.Databases
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
	missions, err := missionsdb.Open(ctx, c.MissionsURL.Reveal(), connections, missionsdb.Through(dialer.To(c.MissionsInstance)))
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, missions.Close)
	log, err := betlog.Open(ctx, c.Project, c.FirestoreDatabase)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = log.Close() })
	p.checker = books.Checker{Ledger: p.users, Board: missions, Log: log}
	return p, nil
}

// close closes what was opened, in reverse order.
func (p *parts) close() {
	for _, closeIt := range slices.Backward(p.closers) {
		closeIt()
	}
}

// check checks everything from the beginning and prints the report. The error is errBroken if a
// rule is broken; then the service is in exit-only mode as well.
func (p *parts) check(ctx context.Context, o options) (books.Report, error) {
	r, _, err := p.checker.Check(ctx, books.Options{Whole: true, Settle: o.settle, Late: o.late, Now: time.Now})
	if err != nil {
		return r, err
	}
	show(r)
	if !r.Clean() {
		return r, errBroken
	}
	return r, nil
}

func show(r books.Report) {
	for _, f := range r.Findings {
		fmt.Println(f)
	}
	f := r.Figures
	fmt.Printf("charged %s = wallets %s + held %s, drift %s\n", f.Charged, f.Wallets, f.Held, f.Drift())
	fmt.Printf("put in %s = paid %s + refunded %s + held %s, drift %s\n", f.PutIn, f.Paid, f.Refunded, f.Held, f.PotsDrift())
	fmt.Printf("books: check=%d movements=%d entries=%d missions=%d wallets=%d broken=%d late=%d in %s\n",
		r.ID, r.Read.Movements, r.Read.Entries, r.Read.Missions, r.Read.Wallets, r.Broken, r.Late, r.FinishedAt.Sub(r.StartedAt).Round(time.Millisecond))
}

func (p *parts) status(ctx context.Context) error {
	changes, err := p.users.ModeChanges(ctx, maxChanges)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Println("open, as ever")
	}
	for i, m := range changes {
		mode := "open"
		if m.ExitOnly {
			mode = "exit-only"
		}
		if i == 0 {
			mode += ", now"
		}
		fmt.Printf("%s since %s by %s: %s\n", mode, m.Since.UTC().Format(time.RFC3339), m.By, m.Reason)
	}
	last, ok, err := p.users.LastCheck(ctx)
	if err != nil {
		return err
	}
	if ok {
		fmt.Printf("last check %d at %s: broken=%d late=%d drift=%s\n", last.ID, last.FinishedAt.Format(time.RFC3339), last.Broken, last.Late, last.Figures.Drift())
	}
	return nil
}

func (p *parts) takeNoCash(ctx context.Context, o options) error {
	changed, err := p.users.TakeNoCash(ctx, o.by, o.reason)
	if err != nil {
		return err
	}
	if !changed {
		fmt.Println("no new cash was taken before; nothing changed")
	}
	return nil
}

// takeCashAgain checks everything first, always.
func (p *parts) takeCashAgain(ctx context.Context, o options) error {
	r, err := p.check(ctx, o)
	if err != nil {
		return err
	}
	changed, err := p.users.TakeCashAgain(ctx, o.by, o.reason, r.ID)
	if errors.Is(err, usersdb.ErrNotClean) {
		return fmt.Errorf("%w; another check found something in the meantime, or this one took too long", err)
	}
	if err == nil && !changed {
		fmt.Fprintln(os.Stderr, "cash was taken already; nothing changed")
	}
	return err
}
