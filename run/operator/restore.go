package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"example.com/missionpot/internal/core/rebuild"
	"example.com/missionpot/internal/flow/eventcopy"
	"example.com/missionpot/internal/store/ledgerdb"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/reconciledb"
)

func statementFlag(flags *flag.FlagSet, c *call) {
	flags.StringVar(&c.statement, "charges", "", "the payment provider's statement, as CSV")
}

func restoreLog(ctx context.Context, c call) error {
	return with(ctx, func(o opening) error {
		users, missions, log := o.users(), o.missions(), o.BetLog()
		if err := o.Err(); err != nil {
			return err
		}
		written, err := rebuild.LogEntries(ctx, ledgerdb.New(users), missions, log)
		fmt.Fprintf(c.out, "restore: entries=%d\n", written)
		return err
	})
}

func restoreBoard(ctx context.Context, c call) error {
	return with(ctx, func(o opening) error {
		missions, live := o.missions(), o.Board()
		if err := o.Err(); err != nil {
			return err
		}
		written, err := rebuild.BoardEvents(ctx, missions, eventcopy.New(missions, live))
		fmt.Fprintf(c.out, "restore: missions=%d\n", written)
		return err
	})
}

func restoreMissions(ctx context.Context, c call) error {
	return with(ctx, func(o opening) error {
		users, missions, log, live := o.users(), o.missions(), o.BetLog(), o.Board()
		if err := o.Err(); err != nil {
			return err
		}
		if _, err := reconciledb.New(users).TakeNoCash(ctx, "restore", "the missions instance is rebuilt"); err != nil {
			return err
		}
		r, err := rebuild.Missions(ctx, rebuild.Sources{Accounts: peopledb.New(users), Ledger: ledgerdb.New(users), Shown: live, Log: log}, missions, time.Now)
		if err != nil {
			return err
		}
		for _, id := range r.Lost {
			fmt.Fprintln(c.out, "lost, and everybody gets their cash back: mission", id)
		}
		fmt.Fprintf(c.out, "restore: missions=%d lost=%d\n", r.Missions, len(r.Lost))
		return nil
	})
}

// restoreUsers reads the statement first: a mistake in it must change nothing.
func restoreUsers(ctx context.Context, c call) error {
	charges, err := readStatement(c.statement)
	if err != nil {
		return err
	}
	return with(ctx, func(o opening) error {
		users, missions, log := o.users(), o.missions(), o.BetLog()
		if err := o.Err(); err != nil {
			return err
		}
		if _, err := reconciledb.New(users).TakeNoCash(ctx, "restore", "the users instance went back"); err != nil {
			return err
		}
		r, err := rebuild.Users(ctx, ledgerdb.New(users), log, missions, charges, time.Now)
		if err != nil {
			return err
		}
		printReplay(c.out, r)
		return nil
	})
}

func printReplay(out io.Writer, r rebuild.Replayed) {
	for _, c := range r.Strangers {
		fmt.Fprintf(out, "charge %s of %s: its user %s is unknown; the provider has the cash\n", c.ID, c.Amount, c.UserID)
	}
	for _, d := range r.Declined {
		fmt.Fprintf(out, "bet %s of %s on mission %s by user %s: declined, %s\n", d.ID, d.Amount, d.MissionID, d.UserID, d.Reason)
	}
	for _, b := range r.Undecided {
		fmt.Fprintf(out, "bet %s on mission %s: no escrow; the sweep will try again\n", b.ID, b.MissionID)
	}
	for _, c := range r.Changed {
		note := ""
		if c.Settled {
			note = "; it was settled, and people were mailed the former"
		}
		fmt.Fprintf(out, "mission %s: its pot was %s and is %s%s\n", c.MissionID, c.Shown, c.Now, note)
	}
	fmt.Fprintf(out, "restore: charges=%d strangers=%d bets=%d held=%d declined=%d undecided=%d settled=%d reopened=%d changed=%d\n",
		r.Charges, len(r.Strangers), r.Bets, r.Held, len(r.Declined), len(r.Undecided), r.Settled, r.Reopened, len(r.Changed))
}
