package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"example.com/missionpot/internal/account"
	"example.com/missionpot/internal/text"
)

// commandTime bounds the whole command.
const commandTime = time.Minute

var errUsage = errors.New("usage: operator -as NAME grant EMAIL|revoke EMAIL|sign-out EMAIL|remove-second-factor EMAIL|letters|letter ID|redrive ID..., or operator list|record")

// call is the command as it was typed.
type call struct {
	out   io.Writer
	actor account.Actor // the name given by -as
	args  []string      // after the command's name
}

// command is one of the subcommands.
type command struct {
	args  int  // how many arguments it takes
	more  bool // whether it takes more arguments than that
	named bool // whether it is recorded, so that -as is needed
	run   func(context.Context, call) error
}

var commands = map[string]command{
	"grant":                {args: 1, named: true, run: grant},
	"revoke":               {args: 1, named: true, run: revoke},
	"sign-out":             {args: 1, named: true, run: signOut},
	"remove-second-factor": {args: 1, named: true, run: removeSecondFactor},
	"list":                 {run: list},
	"record":               {run: showRecord},

	"letters": {named: true, run: listLetters},
	"letter":  {args: 1, named: true, run: readLetter},
	"redrive": {args: 1, more: true, named: true, run: redriveLetters},
}

func run(ctx context.Context, out io.Writer, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	as := flags.String("as", "", "your name, for the audit log")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	if flags.NArg() == 0 {
		return errUsage
	}
	c, known := commands[flags.Arg(0)]
	given := flags.NArg() - 1
	if !known || given < c.args || given > c.args && !c.more {
		return errUsage
	}
	if c.named && *as == "" {
		return fmt.Errorf("%w: -as is missing: everything is recorded under a name", errUsage)
	}
	if c.named {
		if err := text.Line("-as", *as, 1, 100); err != nil {
			return err
		}
	}
	return c.run(ctx, call{out: out, actor: account.CommandActor(*as), args: flags.Args()[1:]})
}
