// Command smoke plays a mission from sign-up to settlement against a running system, and reports by
// its exit status whether that worked. A release runs it against the new revision's own address
// before the revision gets any traffic, and again while it gets a tenth. It leaves three accounts
// and the few won that it charged.
//
//	smoke -api https://next---api-1234.region.run.app [-live URL] [-for 5m]
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"time"

	"example.com/missionpot/internal/program"
)

// options are the flags.
type options struct {
	api, live  string        // addresses; without live, event streams are not tested
	mailDomain string        // of the accounts
	duration   time.Duration // missions are played until it is over, at least one
	patience   time.Duration // for one mission
	pause      time.Duration // between two missions
}

func main() {
	program.Main("smoke", run)
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	return smoke(ctx, os.Stdout, o)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.StringVar(&o.api, "api", "", "address of the API")
	flags.StringVar(&o.live, "live", "", "address of the service of event streams; not tested if empty")
	// SendGrid accepts mail to this domain and discards it.
	flags.StringVar(&o.mailDomain, "mail-domain", "sink.sendgrid.net", "domain of the accounts' addresses")
	flags.DurationVar(&o.duration, "for", 0, "play one mission after the other for so long")
	flags.DurationVar(&o.patience, "patience", 2*time.Minute, "how long one mission may take")
	flags.DurationVar(&o.pause, "pause", 15*time.Second, "time between two missions")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.api == "" || flags.NArg() > 0 {
		return options{}, errors.New("usage: smoke -api URL [-live URL] [-for DURATION]")
	}
	o.api, o.live = strings.TrimSuffix(o.api, "/"), strings.TrimSuffix(o.live, "/")
	return o, nil
}
