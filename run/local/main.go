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
	"io"
	"os"

	"example.com/missionpot/internal/program"
)

func main() {
	// Ctrl-C, a closed terminal and a CI runner's end all stop the stand in order. A second Ctrl-C
	// ends this program at once, and the kernel its children with it.
	program.Run(run, func(err error) int { return exitCode(err, os.Stderr) })
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

// commandStatus is the exit status of exec's CMD, which has said itself what is wrong.
// Another program's status is never one: what this program starts for itself has failed
// for a reason that must be reported.
type commandStatus int

func (s commandStatus) Error() string {
	return fmt.Sprintf("the command exited with status %d", int(s))
}

// onlyStatus reports whether an error is a status and nothing else is joined with it.
func onlyStatus(err error, status *commandStatus) (is bool) {
	*status, is = err.(commandStatus) //nolint:errorlint // what wraps it must be reported
	return is
}

// exitCode passes on the status of exec's CMD, if that is all there is, and reports any
// other error.
func exitCode(err error, stderr io.Writer) int {
	var status commandStatus
	switch {
	case err == nil:
		return 0
	case onlyStatus(err, &status):
		return int(status)
	}
	fmt.Fprintln(stderr, "local:", err)
	if errors.As(err, &status) {
		return int(status)
	}
	return 1
}
