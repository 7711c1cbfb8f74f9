// Command restore restores a database from the data of the other parts; docs/playbooks/restore.md
// describes when and in which order.
//
//	restore log                    write the entries of the bet log that are missing
//	restore board                  write every event to the live board again
//	restore missions               rebuild a missions instance that is empty
//	restore users [-charges FILE]  replay what a restored backup of a users instance lacks
//
// The file is the payment provider's statement, as CSV: charge, user, amount in won. The
// environment has the addresses of everything, as it has for the other programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

var errUsage = errors.New("usage: restore log | restore board | restore missions | restore users [-charges FILE]")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "restore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"log", "board", "missions", "users"}, args[0]) {
		return errUsage
	}
	flags := flag.NewFlagSet("restore "+args[0], flag.ContinueOnError)
	statement := ""
	if args[0] == "users" {
		flags.StringVar(&statement, "charges", "", "the payment provider's statement, as CSV")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errUsage
	}
	charges, err := readStatement(statement)
	if err != nil {
		return err
	}
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	switch args[0] {
	case "log":
		return p.restoreLog(ctx)
	case "board":
		return p.restoreBoard(ctx)
	case "missions":
		return p.restoreMissions(ctx)
	}
	return p.restoreUsers(ctx, charges)
}
