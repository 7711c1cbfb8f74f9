// Command deploy takes a project to a running system, and back.
//
//	deploy          checks what can be checked on this machine, runs Terraform's bootstrap, gives the
//	                secrets a first version, builds the commit that is checked out and releases it
//	deploy release  releases what an earlier build of a commit made, and builds nothing
//	deploy destroy  takes an environment down that is not protected, and says what is left
//
// Each may be run again at any time; what is done already is left as it is. `make deploy`,
// `make release` and `make destroy` run them.
package main

import (
	"context"
	"io"
	"os"

	"example.com/missionpot/internal/program"
)

func main() {
	program.Main("deploy", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		return err
	}
	c := &console{out: out, in: os.Stdin, dry: o.dry}
	switch o.verb {
	case verbRelease:
		return releaseAgain(ctx, c, o)
	case verbDestroy:
		return destroy(ctx, c, o)
	}
	return deploy(ctx, c, o, os.Getenv("SENDGRID_API_KEY"))
}
