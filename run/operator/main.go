// Command operator says who looks after the system through the API, shows what they
// did, and does the same from a shell. It works on what the environment names, as the
// services do, so whoever has their rights may run it. What it does is recorded under
// the name given.
//
//	operator -as NAME grant EMAIL     make this account an operator's
//	operator -as NAME revoke EMAIL    take that away, from the next call on
//	operator -as NAME sign-out EMAIL  end every sign-in of this account
//	operator -as NAME remove-second-factor EMAIL  for who has lost app and recovery codes
//	operator list                     who is an operator
//	operator record                   the last things that operators did, newest first
//	operator -as NAME letters         dead letters that nobody has sent again
//	operator -as NAME letter ID       one of them
//	operator -as NAME redrive ID...   send these again, each once
//
// docs/operators.md tells what the role opens.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "operator:", err)
		os.Exit(1)
	}
}
