// Command bench measures the hot path and what belongs to it, each against a plain implementation,
// on a stand of its own.
//
//	bench [-quick] [-only NAMES] [-json FILE]   measure
//	bench list                                  the experiments and their rows
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"example.com/missionpot/internal/program"
	"example.com/missionpot/internal/rig/bench"
	"example.com/missionpot/internal/rig/stand"
)

func main() {
	program.Main("bench", run)
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "serve-naive" {
		return bench.ServeNaive(ctx)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "smaller and shorter: for use during development, not for recorded results")
	only := flags.String("only", "", "experiments to run, separated by commas; all but overload if empty")
	jsonFile := flags.String("json", "bench.json", "file for the result as JSON; none if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 1 && flags.Arg(0) == "list" {
		return list()
	}
	scale := bench.Full
	if *quick {
		scale = bench.Quick
	}
	experiments, err := choose(*only)
	if err != nil {
		return err
	}
	return measure(ctx, scale, experiments, *jsonFile)
}

func list() error {
	for _, e := range bench.Experiments() {
		for _, row := range e.Rows {
			fmt.Printf("%-10s %-22s %s %s\n", e.Name, row.Name, row.What, row.Goal)
		}
	}
	return nil
}

func choose(only string) ([]bench.Experiment, error) {
	all := bench.Experiments()
	if only == "" {
		return slices.DeleteFunc(all, func(e bench.Experiment) bool { return e.Apart }), nil
	}
	var chosen []bench.Experiment
	for _, name := range strings.Split(only, ",") {
		found := false
		for _, e := range all {
			if e.Name == name {
				chosen, found = append(chosen, e), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no experiment %q; bench list lists them", name)
		}
	}
	return chosen, nil
}

func measure(ctx context.Context, scale bench.Scale, experiments []bench.Experiment, jsonFile string) error {
	module, err := stand.ModuleRoot(ctx)
	if err != nil {
		return err
	}
	parts, err := stand.FindParts()
	if err != nil {
		return err
	}
	// Work that follows a bet may find its database removed at the end of an experiment.
	slog.SetLogLoggerLevel(slog.LevelError)
	progress := &bench.Progress{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd()))}
	results, err := bench.Run(ctx, parts, module, scale, experiments, progress)
	// Results from before an error are printed as well.
	if err := errors.Join(err, bench.WriteTable(os.Stdout, results)); err != nil || jsonFile == "" {
		return err
	}
	file, err := os.Create(jsonFile)
	if err != nil {
		return err
	}
	return errors.Join(bench.WriteJSON(file, scale.Name, results), file.Close())
}
