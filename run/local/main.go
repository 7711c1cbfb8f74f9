// Command local runs all of Missionpot on one machine, on real Postgres servers and
// Google's own emulators.
//
//	local [up] [flags]     the whole system; plays one mission and stays up
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
	// A second Ctrl-C ends this program at once, and the kernel its children with it.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:])
	os.Exit(exitCode(err))
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "exec":
		return execWithServers(ctx, args[1:])
	case len(args) > 0 && args[0] == "up":
		return up(ctx, args[1:])
	default:
		return up(ctx, args)
	}
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
