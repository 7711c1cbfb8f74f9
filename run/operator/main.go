// Command operator says who looks after the system through the API, and shows what
// they did there. It works on the users database that the environment names, so whoever
// may write there may run it. Everything it does is recorded under the name given.
//
//	operator -as NAME grant EMAIL    make this account an operator's
//	operator -as NAME revoke EMAIL   take that away, from the next call on
//	operator list                    who is an operator
//	operator record                  the last things that operators did, newest first
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
