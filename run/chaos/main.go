// Command chaos breaks a stand of its own on purpose, under load, and checks the result.
//
//	chaos [flags]             one run; the exit status is 1 if any figure is not 0
//	chaos [flags] mutations   one run for each guard, turned off: each of them must fail
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"example.com/missionpot/internal/program"
	"example.com/missionpot/internal/rig/chaos"
	"example.com/missionpot/internal/rig/stand"
)

func main() {
	// The proxies' parts log every byte they hold up to zerolog's global logger.
	zerolog.SetGlobalLevel(zerolog.Disabled)
	program.Main("chaos", run)
}

// errOff means that a run's figures are not 0; they have been printed.
var errOff = errors.New("the figures are not all 0")

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	o := chaos.Options{Scenario: chaos.Long(), Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd()))}
	quick := flags.Bool("quick", false, "a run of less than three minutes")
	seed := flags.Uint64("seed", 0, "repeat the plan and the faults of a run; 0 draws a new seed")
	only := flags.String("only", "", "of the mutations, only those named, separated by commas")
	flags.StringVar(&o.Logs, "logs", "", "directory to copy the logs of programs and servers to")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	var err error
	if o.Module, err = stand.ModuleRoot(ctx); err != nil {
		return err
	}
	if o.Seed = *seed; o.Seed == 0 {
		o.Seed = 1 + rand.Uint64N(1_000_000)
	}
	if *quick {
		o.Scenario = chaos.Quick()
	}
	switch flags.Arg(0) {
	case "":
		return once(ctx, o)
	case "mutations":
		return mutations(ctx, o, *only)
	}
	return fmt.Errorf("there is no %q; usage: chaos [flags] [mutations]", flags.Arg(0))
}

func once(ctx context.Context, o chaos.Options) error {
	v, err := chaos.Run(ctx, o)
	if err != nil {
		return err
	}
	for _, finding := range v.Shown() {
		fmt.Println("  " + finding)
	}
	fmt.Println(v)
	if !v.Passed() {
		return fmt.Errorf("%w; again with -seed %d", errOff, o.Seed)
	}
	return nil
}

// mutations turns every guard off once. A run that passes without a guard proves that chaos runs
// miss its absence.
func mutations(ctx context.Context, o chaos.Options, only string) error {
	o.Scenario = chaos.Short()
	var unseen, lines []string
	for _, m := range chaos.Mutations() {
		if only != "" && !slices.Contains(strings.Split(only, ","), m.Name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", m.Name, m.Guard)
		o.Mutation = &m
		v, err := chaos.Run(ctx, o)
		if err != nil {
			return fmt.Errorf("mutation %s: %w", m.Name, err)
		}
		for _, finding := range v.Shown() {
			fmt.Println("  " + finding)
		}
		line := fmt.Sprintf("%-20s seen by: %s", m.Name, v.Failed())
		if v.Passed() {
			unseen = append(unseen, m.Name)
			line = fmt.Sprintf("%-20s NOT SEEN", m.Name)
		}
		lines = append(lines, line+"   "+v.String())
	}
	fmt.Println("\n" + strings.Join(lines, "\n"))
	if len(unseen) > 0 {
		return fmt.Errorf("these guards are off and no run notices: %s", strings.Join(unseen, ", "))
	}
	return nil
}
