// Command operator is for the people who look after the system. It does from a shell what
// the API can't or must not do: who is an operator, dead letters while the API is away, the
// check of the books and the switch to exit-only mode, restores, and the next set of signing
// keys. Run without a command it prints how it is used.
//
// It works on what the environment names, as the services do, so anyone with their rights may
// run it. It opens only what the command needs. On Google Cloud it is the image of two jobs:
// operator, and restore, which is there only during a restore.
//
// docs/operators.md has the commands and describes what the role allows.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdin, os.Stdout, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "operator:", err)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, "\n", usage)
		os.Exit(2)
	}
	os.Exit(1)
}
