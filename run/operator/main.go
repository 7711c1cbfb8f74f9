// Command operator is for the people who look after the system. It does from a shell what
// the API can't or must not do: who is an operator, dead letters while the API is away, the
// check of the books and the switch to exit-only mode, restores, and the next set of signing
// keys. Run without a command it prints how it is used.
//
// It works on what the environment names, as the services do, so anyone with their rights may
// run it. It opens only what the command needs. On Google Cloud it is the image of two jobs:
// operator, and restore, which is there only during a restore.
//
// docs/operating/operators.md has the commands and describes what the role allows.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"example.com/missionpot/internal/program"
)

func main() {
	program.Run(func(ctx context.Context, args []string) error { return run(ctx, os.Stdin, os.Stdout, args) }, report)
}

func report(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "operator:", err)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, "\n", usage)
		return 2
	}
	return 1
}
