package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"example.com/missionpot/internal/core/account"
	"example.com/missionpot/internal/core/text"
)

const usage = `usage: operator [-as NAME] COMMAND

-as is your name. A command that is recorded needs it.

Operators
  -as NAME grant EMAIL                  make this account an operator's
  -as NAME revoke EMAIL                 revoke the role, from the next call on
  -as NAME sign-out EMAIL               end every session of this account
  -as NAME remove-second-factor EMAIL   for a user who has lost app and recovery codes
  list                                  who is an operator
  audit-log                             what operators did, newest first

Dead letters
  -as NAME dead-letters                 those that nobody has sent again
  -as NAME dead-letter ID               one of them
  -as NAME redrive ID...                send these again, each once

Books
  books check [-grace D] [-late D]      check the whole books
  books status                          the mode, what changed it, the last check
  -as NAME books exit-only -reason WHY  take no new cash
  -as NAME books open -reason WHY [-grace D] [-late D]
                                        take cash again, if a check of the whole books is clean

Restore; docs/operating/playbooks/restore.md says when and in which order
  restore log                           write the entries of the bet log that are missing
  restore board                         write every event to the live board again
  restore missions                      rebuild a missions instance that is empty
  restore users [-charges FILE]         replay what a restored backup of a users instance lacks;
                                        FILE is the payment provider's statement, as CSV:
                                        charge, user, amount in won

Signing keys, from standard input to standard output
  keys add                              a new key, which does not sign yet
  keys use                              the new key signs
  keys drop                             only the key that signs is left
`

// errUsage means that the command was mistyped.
var errUsage = errors.New("wrong usage")

func misused(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// call is the command as it was typed.
type call struct {
	in        io.Reader
	out       io.Writer
	name      string        // given by -as
	actor     account.Actor // the same, as it is recorded
	args      []string      // after the command's name and flags
	reason    string
	grace     time.Duration
	late      time.Duration
	statement string // file
}

// command is one of the subcommands.
type command struct {
	args  int           // how many arguments it takes
	more  bool          // whether it takes more arguments than that
	named bool          // whether it is recorded, so that -as is needed
	limit time.Duration // it is given up after
	flags func(*flag.FlagSet, *call)
	run   func(context.Context, call) error
}

// The longest that a command may take. The jobs of terraform/operator.tf and
// terraform/restore.tf end a little later.
const (
	briefly      = time.Minute
	wholeBooks   = 55 * time.Minute
	wholeRestore = 23 * time.Hour
)

var commands = map[string]command{
	"grant":                {args: 1, named: true, limit: briefly, run: grant},
	"revoke":               {args: 1, named: true, limit: briefly, run: revoke},
	"sign-out":             {args: 1, named: true, limit: briefly, run: signOut},
	"remove-second-factor": {args: 1, named: true, limit: briefly, run: removeSecondFactor},
	"list":                 {limit: briefly, run: list},
	"audit-log":            {limit: briefly, run: showAuditLog},

	"dead-letters": {named: true, limit: briefly, run: listDeadLetters},
	"dead-letter":  {args: 1, named: true, limit: briefly, run: readDeadLetter},
	"redrive":      {args: 1, more: true, named: true, limit: briefly, run: redriveDeadLetters},

	"books check":     {limit: wholeBooks, flags: graceFlags, run: checkBooks},
	"books status":    {limit: briefly, run: showBooks},
	"books exit-only": {named: true, limit: briefly, flags: reasonFlag, run: takeNoCash},
	"books open":      {named: true, limit: wholeBooks, flags: openFlags, run: takeCashAgain},

	"restore log":      {limit: wholeRestore, run: restoreLog},
	"restore board":    {limit: wholeRestore, run: restoreBoard},
	"restore missions": {limit: wholeRestore, run: restoreMissions},
	"restore users":    {limit: wholeRestore, flags: statementFlag, run: restoreUsers},

	"keys add":  {limit: briefly, run: addKey},
	"keys use":  {limit: briefly, run: useNewKey},
	"keys drop": {limit: briefly, run: dropOldKeys},
}

func run(ctx context.Context, in io.Reader, out io.Writer, args []string) error {
	command, c, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return err
	}
	if err != nil {
		return err
	}
	c.in, c.out = in, out
	ctx, cancel := context.WithTimeout(ctx, command.limit)
	defer cancel()
	return command.run(ctx, c)
}

func parse(args []string) (command, call, error) {
	var c call
	flags := flagSet()
	flags.StringVar(&c.name, "as", "", "your name")
	if err := parseFlags(flags, args); err != nil {
		return command{}, c, err
	}
	command, rest, err := find(flags.Args())
	if err != nil {
		return command, c, err
	}
	flags = flagSet()
	if command.flags != nil {
		command.flags(flags, &c)
	}
	if err := parseFlags(flags, rest); err != nil {
		return command, c, err
	}
	c.args, c.actor = flags.Args(), account.CommandActor(c.name)
	return command, c, command.check(c)
}

// find looks a command up by its first word, or its first two.
func find(words []string) (c command, rest []string, err error) {
	if len(words) == 0 {
		return c, nil, misused("no command")
	}
	if c, known := commands[words[0]]; known {
		return c, words[1:], nil
	}
	if len(words) > 1 {
		if c, known := commands[words[0]+" "+words[1]]; known {
			return c, words[2:], nil
		}
	}
	return c, nil, misused("no command %q", words[0])
}

func (cmd command) check(c call) error {
	switch given := len(c.args); {
	case given < cmd.args:
		return misused("an argument is missing")
	case given > cmd.args && !cmd.more:
		return misused("too many arguments: %q", c.args[cmd.args:])
	case cmd.named && c.name == "":
		return misused("-as is missing: this is recorded under a name")
	case cmd.named:
		return text.Line("-as", c.name, 1, 100)
	}
	return nil
}

// flagSet prints nothing: main does.
func flagSet() *flag.FlagSet {
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return misused("%v", err)
	}
	return err
}
