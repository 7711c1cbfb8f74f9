package stand

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"golang.org/x/sync/errgroup"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/cloud/bus"
	"example.com/missionpot/internal/rig/mailbox"
	"example.com/missionpot/migrations"
)

// SystemConfig describes one run of the whole system on servers that are up.
type SystemConfig struct {
	Binaries      Binaries
	LogDir        string // of the programs' output; made when absent
	Project       string // Google Cloud project id, of the run's own on the emulators
	UsersDSN      string // empty or migrated databases
	MissionsDSN   string
	FirestoreHost string // host:port
	PubSubHost    string // host:port
	Ports         SystemPorts
	Tick          time.Duration // period of the ticks; 0 is none
	Topics        TopicOptions
	// TokenKeys is the private set that the API signs with. A caller who has it can
	// sign tokens without a sign-in. One is made when it is empty.
	TokenKeys []byte
	// NoDeliveries leaves what is published where it is: no pushes, no ticks.
	NoDeliveries bool
	// APIEnv and FunctionsEnv are further settings, KEY=value; they win. A test points
	// one program at a proxy with them.
	APIEnv, FunctionsEnv []string
	// Deliver, if set, wraps the transport of the pushes: see Pump.Through.
	Deliver func(http.RoundTripper) http.RoundTripper
	// Measured lets the programs serve their metrics on free ports, for Prometheus.
	Measured bool
}

// SystemPorts are ports on 127.0.0.1; 0 means any free one.
type SystemPorts struct{ API, Functions, Mailbox int }

// mailKey is what the stand's mailbox takes for SendGrid's API key.
const mailKey = "SG.local-stand"

// System is the whole of Missionpot, running: the API, the functions, the pushes and
// ticks that Google Cloud would send them, and a mailbox.
type System struct {
	API       *Service
	Functions *Service
	Mailbox   *mailbox.Box

	cfg        SystemConfig
	env        []string          // of every program
	scraped    map[string]string // host:port by job
	mailbox    *http.Server
	pubsub     *pubsub.Client
	bus        *bus.Bus
	cancel     context.CancelFunc // of the deliveries
	deliveries sync.WaitGroup     // the pump and the ticker
}

// StartSystem migrates the databases, makes the topics and starts everything. When it
// returns without an error, the system takes requests.
func StartSystem(ctx context.Context, cfg SystemConfig) (_ *System, err error) {
	if err := cfg.fillPorts(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.LogDir, 0o755); err != nil {
		return nil, err
	}
	s := &System{cfg: cfg, Mailbox: mailbox.New(mailKey), cancel: func() {}, scraped: map[string]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err := s.makeServices(); err != nil {
		return nil, err
	}
	if err := s.serveMailbox(); err != nil {
		return nil, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return migrate(groupCtx, cfg.UsersDSN, migrations.Users) })
	group.Go(func() error { return migrate(groupCtx, cfg.MissionsDSN, migrations.Missions) })
	group.Go(func() error { return s.openPubSub(groupCtx) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	group, groupCtx = errgroup.WithContext(ctx)
	group.Go(func() error { return s.API.Start(groupCtx) })
	group.Go(func() error { return s.Functions.Start(groupCtx) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.startDeliveries()
	return s, nil
}

func migrate(ctx context.Context, dsn string, instance migrations.Instance) error {
	_, err := migrations.Up(ctx, dsn, instance)
	return err
}

func (cfg *SystemConfig) fillPorts() error {
	var err error
	for _, port := range []*int{&cfg.Ports.API, &cfg.Ports.Functions, &cfg.Ports.Mailbox} {
		if *port, err = portOr(*port); err != nil {
			return err
		}
	}
	return nil
}

// CollectorEnv lets a program use its memory before it collects garbage, as
// Terraform does: half of what a step, or the API, of 512 MiB may use.
func CollectorEnv() []string { return []string{"GOGC=1000", "GOMEMLIMIT=256MiB"} }

func (s *System) makeServices() error {
	if s.cfg.TokenKeys == nil {
		var err error
		if s.cfg.TokenKeys, err = token.GenerateSet(); err != nil {
			return fmt.Errorf("make token keys: %w", err)
		}
	}
	s.env = append(append(os.Environ(), CollectorEnv()...),
		"GOOGLE_CLOUD_PROJECT="+s.cfg.Project,
		EnvFirestoreHost+"="+s.cfg.FirestoreHost,
		EnvPubSubHost+"="+s.cfg.PubSubHost,
		"USERS_DATABASE_URL="+s.cfg.UsersDSN,
		"MISSIONS_DATABASE_URL="+s.cfg.MissionsDSN,
		"TOKEN_KEYS="+string(s.cfg.TokenKeys),
		"PAYMENT_PROVIDER=sandbox",
		// All the stand's callers share one address, and some of its people do the
		// work of thousands. APIEnv can set limits.
		"LIMIT_PER_ADDRESS=0", "LIMIT_PER_USER=0", "LIMIT_SIGN_UPS=0", "LIMIT_HASHES=0",
		"LIMIT_NEW_MISSIONS=0", "LIMIT_OPEN_MISSIONS=0", "LIMIT_OPEN_MISSIONS_PER_STREAMER=0",
		"MAIL_PAUSE=0s", // whoever watches the stand's mailbox wants each mail at once
		"SENDGRID_API_KEY="+mailKey,
		"SENDGRID_HOST="+s.MailboxURL(),
		"MAIL_FROM=Missionpot <pot@missionpot.example>",
		"PUSH_TOKENS=off", // neither the emulator nor the pump sends any
	)
	api, err := s.measuring("api")
	if err != nil {
		return err
	}
	functions, err := s.measuring("functions")
	if err != nil {
		return err
	}
	s.API = s.service("API", s.cfg.Binaries.API, s.cfg.Ports.API, "/healthz", slices.Concat(s.env, api, s.cfg.APIEnv))
	s.Functions = s.service("functions", s.cfg.Binaries.Functions, s.cfg.Ports.Functions, "", slices.Concat(s.env, functions, s.cfg.FunctionsEnv))
	return nil
}

// AnotherAPI makes one more instance of the API, on a free port, with further settings
// of its own. Whoever asked for it starts and stops it.
func (s *System) AnotherAPI(name string, settings ...string) (*Service, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	return s.service(name, s.cfg.Binaries.API, port, "/healthz", slices.Concat(s.env, s.cfg.APIEnv, settings)), nil
}

// AnotherFunctions makes one more instance of the functions, as AnotherAPI does of the
// API. The pump knows only the first; SystemConfig.Deliver can redirect a push.
func (s *System) AnotherFunctions(name string, settings ...string) (*Service, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	return s.service(name, s.cfg.Binaries.Functions, port, "", slices.Concat(s.env, s.cfg.FunctionsEnv, settings)), nil
}

// measuring gives a program a port for its metrics, if they are wanted.
func (s *System) measuring(name string) ([]string, error) {
	if !s.cfg.Measured {
		return nil, nil
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s.scraped[name] = address(port)
	return measuring(name, port), nil
}

// Scraped is where the programs serve their metrics: host:port by job.
func (s *System) Scraped() map[string]string { return s.scraped }

func (s *System) service(name, path string, port int, ready string, env []string) *Service {
	env = append(env, "PORT="+strconv.Itoa(port), "HOST="+loopback)
	logFile := filepath.Join(s.cfg.LogDir, strings.ToLower(name)+".log")
	return NewService(Program{Name: name, Path: path, Env: env, LogFile: logFile}, port, ready)
}

// MailboxURL is the mailbox's address, without a slash at the end.
func (s *System) MailboxURL() string { return "http://" + address(s.cfg.Ports.Mailbox) }

// FunctionURL is where a function is served, by its name in the registry.
func (s *System) FunctionURL(function string) string { return s.Functions.URL() + "/" + function }

// UsersDSN leads to the users database, the ledger.
func (s *System) UsersDSN() string { return s.cfg.UsersDSN }

// MissionsDSN leads to the missions database.
func (s *System) MissionsDSN() string { return s.cfg.MissionsDSN }

// Project is the Google Cloud project id of this run.
func (s *System) Project() string { return s.cfg.Project }

// Bus publishes to this system's topics, as a step would.
func (s *System) Bus() *bus.Bus { return s.bus }

// Keep restarts services that end by themselves, until ctx ends, and reports that.
func (s *System) Keep(ctx context.Context, report func(string)) {
	var keepers sync.WaitGroup
	keepers.Go(func() { s.API.Keep(ctx, report) })
	keepers.Go(func() { s.Functions.Keep(ctx, report) })
	keepers.Wait()
}

func (s *System) serveMailbox() error {
	listener, err := net.Listen("tcp", address(s.cfg.Ports.Mailbox))
	if err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	s.mailbox = &http.Server{Handler: s.Mailbox, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	go func() {
		// It ends with ErrServerClosed, by Stop; nothing else closes the listener.
		_ = s.mailbox.Serve(listener)
	}()
	return nil
}

func (s *System) openPubSub(ctx context.Context) (err error) {
	opts := EmulatorOptions(s.cfg.PubSubHost)
	// The clients outlive the start.
	lasting := context.WithoutCancel(ctx)
	if s.pubsub, err = pubsub.NewClient(lasting, s.cfg.Project, opts...); err != nil {
		return fmt.Errorf("open Pub/Sub: %w", err)
	}
	if err := MakeTopics(ctx, s.pubsub, s.cfg.Topics); err != nil {
		return err
	}
	s.bus, err = bus.Open(lasting, s.cfg.Project, opts...)
	return err
}

func (s *System) startDeliveries() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if s.cfg.NoDeliveries {
		return
	}
	if s.cfg.Topics.PushTo == nil {
		pump := NewPump(s.pubsub, s.FunctionURL)
		if s.cfg.Deliver != nil {
			pump.Through(s.cfg.Deliver)
		}
		s.deliveries.Go(func() { pump.Run(ctx) })
	}
	if s.cfg.Tick > 0 {
		s.deliveries.Go(func() { RunTicker(ctx, s.bus, s.cfg.Tick) })
	}
}

// Stop ends everything that StartSystem started, first what makes new work.
func (s *System) Stop() error {
	var errs []error
	if s.API != nil {
		errs = append(errs, stopInTime(s.API))
	}
	s.cancel()
	s.deliveries.Wait()
	if s.Functions != nil {
		errs = append(errs, stopInTime(s.Functions))
	}
	if s.mailbox != nil {
		errs = append(errs, s.mailbox.Close())
	}
	if s.bus != nil {
		errs = append(errs, s.bus.Close())
	}
	if s.pubsub != nil {
		errs = append(errs, s.pubsub.Close())
	}
	return errors.Join(errs...)
}

// stopInTime gives each service the whole time: what one takes to end must not be
// missing to the next.
func stopInTime(s *Service) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return s.Stop(ctx)
}
