// Package program runs a program until it is done or asked to stop. It exists so
// that all of them treat signals, errors and the exit status alike.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program. An error is printed to standard error after the program's
// name, and makes the exit status 1.
func Main(name string, run func(ctx context.Context, args []string) error) {
	Run(run, func(err error) int {
		if err == nil || errors.Is(err, flag.ErrHelp) {
			return 0
		}
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	})
}

// Run runs a program that reports its error in its own way, and exits with the
// status that the report gives. The context ends with a signal: Cloud Run sends
// SIGTERM, Ctrl-C is SIGINT, and a terminal that is closed sends SIGHUP. A second
// signal ends the process at once.
func Run(run func(ctx context.Context, args []string) error, report func(error) int) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:])
	stop()
	os.Exit(report(err))
}
