package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/missionpot/internal/rig/stand"
)

// options are the flags of `local up`.
type options struct {
	system     stand.SystemPorts
	servers    stand.ServerPorts
	dashboards int // port of their page; 0 takes none
	dir        string
	tick       time.Duration
	play       bool
	once       bool
}

// The ports that are taken unless others are asked for.
const (
	apiPort        = 8080
	functionsPort  = 8081
	mailboxPort    = 8025
	dashboardsPort = 8090
)

// errUsage means that the flags were wrong. The flag package has printed why.
var errUsage = errors.New("wrong usage")

func parseOptions(args []string, module string) (options, error) {
	var o options
	flags := flag.NewFlagSet("local up", flag.ContinueOnError)
	flags.IntVar(&o.system.API, "api-port", apiPort, "port of the API and its pages")
	flags.IntVar(&o.system.Functions, "functions-port", functionsPort, "port of the functions")
	flags.IntVar(&o.system.Mailbox, "mailbox-port", mailboxPort, "port of the mailbox")
	flags.IntVar(&o.dashboards, "dashboards-port", dashboardsPort, "port of the dashboards")
	flags.IntVar(&o.servers.Users, "users-port", 0, "port of the users database; 0 takes a free one")
	flags.IntVar(&o.servers.Missions, "missions-port", 0, "port of the missions database; 0 takes a free one")
	flags.IntVar(&o.servers.Firestore, "firestore-port", 0, "port of the Firestore emulator; 0 takes a free one")
	flags.IntVar(&o.servers.PubSub, "pubsub-port", 0, "port of the Pub/Sub emulator; 0 takes a free one")
	flags.StringVar(&o.dir, "dir", defaultDir(module), "directory for data, logs and binaries")
	flags.DurationVar(&o.tick, "tick", time.Second, "time between two ticks of the sweeps")
	flags.BoolVar(&o.play, "play", true, "play one mission once everything is up")
	flags.BoolVar(&o.once, "once", false, "stop after the play instead of staying up")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return options{}, err
		}
		return options{}, errUsage
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%w: unexpected %q", errUsage, flags.Arg(0))
	}
	return o, nil
}

// defaultDir is one directory per checkout, so that two checkouts don't meet. As root
// it is outside root's home, which Postgres's unprivileged account can't enter.
func defaultDir(module string) string {
	sum := sha256.Sum256([]byte(module))
	name := filepath.Join("missionpot", hex.EncodeToString(sum[:4]))
	if os.Geteuid() == 0 {
		return filepath.Join("/var/cache", name)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join(os.TempDir(), name)
	}
	return filepath.Join(cache, name)
}

// checkPorts fails if ports that were asked for are taken, and says which flags change
// them, together with the ports that were chosen before.
func (o options) checkPorts() error {
	var taken []error
	var flags []string
	for _, p := range []struct {
		flag        string
		port, usual int
	}{
		{"api-port", o.system.API, apiPort},
		{"functions-port", o.system.Functions, functionsPort},
		{"mailbox-port", o.system.Mailbox, mailboxPort},
		{"dashboards-port", o.dashboards, dashboardsPort},
		{"users-port", o.servers.Users, 0},
		{"missions-port", o.servers.Missions, 0},
		{"firestore-port", o.servers.Firestore, 0},
		{"pubsub-port", o.servers.PubSub, 0},
	} {
		if p.port == 0 {
			continue
		}
		if err := stand.CheckPort(p.port); err != nil {
			taken = append(taken, fmt.Errorf("-%s: %w", p.flag, err))
			p.port += 1000
		}
		if p.port != p.usual {
			flags = append(flags, fmt.Sprintf("-%s %d", p.flag, p.port))
		}
	}
	if taken == nil {
		return nil
	}
	return fmt.Errorf("%w\nChoose others, for example: make run ARGS=%q", errors.Join(taken...), strings.Join(flags, " "))
}
