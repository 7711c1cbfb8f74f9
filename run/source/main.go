// Command source writes the zip from which Google builds the functions: the module's root package,
// what it imports from this module, go.mod and go.sum. Nothing else is in it: no test, no other
// program, no terraform. So a change elsewhere leaves the zip as it is, byte by byte, and a release
// rebuilds a function only if its source has changed.
//
//	source -o FILE    writes the zip and prints its SHA-256
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"

	"example.com/missionpot/internal/program"
)

func main() {
	program.Main("source", run)
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("source", flag.ContinueOnError)
	out := flags.String("o", "", "file to write")
	module := flags.String("module", ".", "directory of the module's go.mod")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() > 0 {
		return errors.New("usage: source [-module DIR] -o FILE")
	}
	names, err := sources(ctx, *module)
	if err != nil {
		return err
	}
	archive, err := pack(os.DirFS(*module), names)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, archive, 0o600); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	fmt.Printf("%x\n", sha256.Sum256(archive))
	return nil
}
