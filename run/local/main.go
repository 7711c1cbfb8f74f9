// Command local runs all of Missionpot on one machine, on real Postgres servers and
// Google's own emulators.
//
//	local exec -- CMD...   only the servers, on free ports, while CMD runs (for tests)
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	// Ctrl-C, a closed terminal and a CI runner's end all stop the stand in order.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	os.Exit(exitCode(err))
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "exec" {
		return errors.New("usage: local exec -- CMD [ARG...]")
	}
	return execWithServers(ctx, args[1:])
}

// exitCode passes on the status of exec's CMD and reports any other error.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "local:", err)
		return 1
	}
}
