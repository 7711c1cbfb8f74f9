// Command operator grants and revokes the operator's role, shows the audit log, and does operators'
// work from a shell. It uses the databases and topics that the environment names, as the services
// do, so anyone with their rights may run it. It records what it does under the given name.
//
//	operator -as NAME grant EMAIL     make this account an operator's
//	operator -as NAME revoke EMAIL    revoke the role, from the next call on
//	operator -as NAME sign-out EMAIL  end every sign-in of this account
//	operator -as NAME remove-second-factor EMAIL  for a user who has lost app and recovery codes
//	operator list                     who is an operator
//	operator record                   the last actions of operators, newest first
//	operator -as NAME letters         dead letters that nobody has sent again
//	operator -as NAME letter ID       one of them
//	operator -as NAME redrive ID...   send these again, each once
//
// docs/operators.md describes what the role allows.
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
