package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"example.com/missionpot/internal/core/reconcile"
	"example.com/missionpot/internal/core/text"
	"example.com/missionpot/internal/store/reconciledb"
)

const maxChanges = 10

// errBroken means that a rule is broken. The findings have been printed.
var errBroken = errors.New("the books are broken")

func graceFlags(flags *flag.FlagSet, c *call) {
	flags.DurationVar(&c.grace, "grace", reconcile.UsualGrace, "how recent a fact may be that has not reached every part; 0: nothing is under way")
	flags.DurationVar(&c.late, "late", reconcile.UsualLate, "how old it may be before it is reported as late")
}

func reasonFlag(flags *flag.FlagSet, c *call) {
	flags.StringVar(&c.reason, "reason", "", "why")
}

func openFlags(flags *flag.FlagSet, c *call) {
	reasonFlag(flags, c)
	graceFlags(flags, c)
}

// checkReason is for the changes of the mode: the reason is kept for ever and read by others.
func checkReason(c call) error {
	if c.reason == "" {
		return misused("-reason is missing")
	}
	return text.Line("-reason", c.reason, 1, 500)
}

func checkBooks(ctx context.Context, c call) error {
	return with(ctx, func(o opening) error {
		_, err := checkWhole(ctx, c, o, reconciledb.New(o.users()))
		return err
	})
}

// checkWhole checks everything from the beginning and prints the report. The error is errBroken if a
// rule is broken; then the service is in exit-only mode as well.
func checkWhole(ctx context.Context, c call, o opening, books *reconciledb.DB) (reconcile.Report, error) {
	missions, log := o.missions(), o.BetLog()
	if err := o.Err(); err != nil {
		return reconcile.Report{}, err
	}
	checker := reconcile.Checker{Ledger: books, Missions: missions, Log: log}
	r, _, err := checker.Check(ctx, reconcile.Options{Whole: true, Grace: c.grace, Late: c.late, Now: time.Now})
	if err != nil {
		return r, err
	}
	printReport(c.out, r)
	if !r.Clean() {
		return r, errBroken
	}
	return r, nil
}

func printReport(out io.Writer, r reconcile.Report) {
	for _, f := range r.Findings {
		fmt.Fprintln(out, f)
	}
	f := r.Figures
	fmt.Fprintf(out, "charged %s = wallets %s + held %s, drift %s\n", f.Charged, f.Wallets, f.Held, f.Drift())
	fmt.Fprintf(out, "put in %s = paid %s + refunded %s + held %s, drift %s\n", f.PutIn, f.Paid, f.Refunded, f.Held, f.PotsDrift())
	fmt.Fprintf(out, "books: check=%d movements=%d entries=%d missions=%d wallets=%d broken=%d late=%d in %s\n",
		r.ID, r.Read.Movements, r.Read.Entries, r.Read.Missions, r.Read.Wallets, r.Broken, r.Late, r.FinishedAt.Sub(r.StartedAt).Round(time.Millisecond))
}

// showBooks prints the mode, what changed it, and the last check with what it found.
func showBooks(ctx context.Context, c call) error {
	return withUsers(ctx, reconciledb.New, func(books *reconciledb.DB) error {
		changes, err := books.ModeChanges(ctx, maxChanges)
		if err != nil {
			return err
		}
		printChanges(c.out, changes)
		last, ok, err := books.LastCheck(ctx)
		if err != nil || !ok {
			return err
		}
		fmt.Fprintf(c.out, "last check %d at %s: broken=%d late=%d drift=%s\n",
			last.ID, last.FinishedAt.Format(time.RFC3339), last.Broken, last.Late, last.Figures.Drift())
		for _, f := range last.Findings {
			fmt.Fprintln(c.out, f)
		}
		return nil
	})
}

func printChanges(out io.Writer, changes []reconcile.Mode) {
	if len(changes) == 0 {
		fmt.Fprintln(out, "open; the mode was never changed")
	}
	for i, m := range changes {
		mode := "open"
		if m.ExitOnly {
			mode = "exit-only"
		}
		if i == 0 {
			mode += ", now"
		}
		fmt.Fprintf(out, "%s since %s by %s: %s\n", mode, m.Since.UTC().Format(time.RFC3339), m.By, m.Reason)
	}
}

func takeNoCash(ctx context.Context, c call) error {
	if err := checkReason(c); err != nil {
		return err
	}
	return withUsers(ctx, reconciledb.New, func(books *reconciledb.DB) error {
		changed, err := books.TakeNoCash(ctx, c.name, c.reason)
		if err != nil {
			return err
		}
		printMode(c.out, "exit-only", changed)
		return nil
	})
}

// takeCashAgain checks everything first, always.
func takeCashAgain(ctx context.Context, c call) error {
	if err := checkReason(c); err != nil {
		return err
	}
	return with(ctx, func(o opening) error {
		books := reconciledb.New(o.users())
		r, err := checkWhole(ctx, c, o, books)
		if err != nil {
			return err
		}
		changed, err := books.TakeCashAgain(ctx, c.name, c.reason, r.ID)
		if errors.Is(err, reconciledb.ErrNotClean) {
			return fmt.Errorf("%w; another check found something in the meantime, or this one took too long", err)
		}
		if err != nil {
			return err
		}
		printMode(c.out, "open", changed)
		return nil
	})
}

func printMode(out io.Writer, mode string, changed bool) {
	if changed {
		fmt.Fprintf(out, "%s, now\n", mode)
	} else {
		fmt.Fprintf(out, "%s before; nothing changed\n", mode)
	}
}
