// Command books checks the books and changes the exit-only mode that a broken rule sets.
//
//	books [check]                        the whole books, from the beginning
//	books status                         the mode, what changed it, the last check
//	books exit-only -by NAME -reason WHY take no new cash
//	books open -by NAME -reason WHY      take cash again, if a whole check is clean
//
// The environment has the addresses of the databases and the log, as it has for the other programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"example.com/missionpot/internal/text"
)

// errBroken means that a rule is broken. The findings have been printed.
var errBroken = errors.New("the books are broken")

const usage = "usage: books [check [-settle D] [-late D] | status | exit-only -by NAME -reason WHY | open -by NAME -reason WHY]"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "books:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	command := "check"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	o, err := parse(command, args)
	if err != nil {
		return err
	}
	parts, err := open(ctx)
	if err != nil {
		return err
	}
	defer parts.close()
	switch command {
	case "check":
		_, err := parts.check(ctx, o)
		return err
	case "status":
		return parts.status(ctx)
	case "exit-only":
		return parts.takeNoCash(ctx, o)
	default: // parse accepts no other
		return parts.takeCashAgain(ctx, o)
	}
}

func parse(command string, args []string) (options, error) {
	o := usual()
	flags := flag.NewFlagSet("books "+command, flag.ContinueOnError)
	changes := command == "exit-only" || command == "open"
	switch {
	case changes:
		flags.StringVar(&o.by, "by", "", "who you are")
		flags.StringVar(&o.reason, "reason", "", "why")
	case command == "check":
	case command == "status":
	default:
		return o, errors.New(usage)
	}
	if command == "check" || command == "open" {
		flags.DurationVar(&o.settle, "settle", o.settle, "how recent a fact may be that has not reached every part; 0: nothing is under way")
		flags.DurationVar(&o.late, "late", o.late, "how old it may be before it is reported as late")
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || changes && (o.by == "" || o.reason == "") {
		return o, errors.New(usage)
	}
	if changes {
		// The reason is kept for ever and read by others.
		return o, errors.Join(text.Line("-by", o.by, 1, 100), text.Line("-reason", o.reason, 1, 500))
	}
	return o, nil
}
