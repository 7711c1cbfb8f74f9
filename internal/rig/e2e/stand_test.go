package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/contract"
	"example.com/missionpot/internal/rig/stand"
	"example.com/missionpot/internal/rig/standtest"
)

// stand is a running system with what its tests check.
type fixture struct {
	*stand.System
	logs     string // directory of the programs' output
	contract *contract.Contract

	mu      sync.Mutex
	secrets []string // what must not be in the logs
}

// shared starts the system for tests that don't break it. They run in parallel, each with its own
// people and missions.
var shared = sync.OnceValues(func() (*sharedStand, error) {
	logs, err := os.MkdirTemp("", "missionpot-e2e-")
	if err != nil {
		return nil, err
	}
	system, stop, err := standtest.Open(context.Background(), logs, behindFrontEnd)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(logs))
	}
	s, err := newStand(system, logs)
	if err != nil {
		return nil, errors.Join(err, stop(), os.RemoveAll(logs))
	}
	used = &sharedStand{fixture: s, stop: stop}
	return used, nil
})

// used is the shared stand once a test has used it.
var used *sharedStand

type sharedStand struct {
	*fixture
	stop func() error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if used != nil {
		if err := used.close(); err != nil {
			fmt.Fprintln(os.Stderr, "the shared stand:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// close stops the stand and checks the logs and mails of all its tests.
func (s *sharedStand) close() error {
	leaked := s.leaks()
	return errors.Join(leaked, s.mailedTwice(), s.stop(), os.RemoveAll(s.logs))
}

func sharedSystem(t *testing.T) *fixture {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.fixture
}

// ownSystem starts a system for one test to break.
func ownSystem(t *testing.T, changes ...func(*stand.SystemConfig)) *fixture {
	t.Helper()
	var logs string
	system := standtest.System(t, append(changes, behindFrontEnd, func(c *stand.SystemConfig) { logs = c.LogDir })...)
	s, err := newStand(system, logs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.leaks(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newStand(system *stand.System, logs string) (*fixture, error) {
	c, err := fetchContract(system.API.URL())
	if err != nil {
		return nil, err
	}
	return &fixture{System: system, logs: logs, contract: c}, nil
}

func (s *fixture) secret(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = append(s.secrets, values...)
}

// personal are patterns of personal data, which no log line may contain.
var personal = map[string]*regexp.Regexp{
	"an e-mail address": regexp.MustCompile(`[\w.+-]+(@|%40)[\w-]+\.\w+`),
	"a token":           regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.`),
	"a bearer token":    regexp.MustCompile(`(?i)bearer\s+[\w.-]{20,}`),
}

// leaks searches everything the programs wrote for secrets and personal data.
func (s *fixture) leaks() error {
	files, err := filepath.Glob(filepath.Join(s.logs, "*.log"))
	if err != nil {
		return err
	}
	if len(files) < 2 {
		return fmt.Errorf("%d logs are in %s, want the API's and the functions'", len(files), s.logs)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, what := range leaksIn(string(text), s.secrets) {
			found = append(found, fmt.Errorf("%s holds %s", filepath.Base(file), what))
		}
	}
	return errors.Join(found...)
}

// mailedTwice finds people who got the same mail more than once, on a stand where nothing crashed.
func (s *fixture) mailedTwice() error {
	type letter struct{ to, text string }
	seen := map[letter]int{}
	mails, _ := s.Mailbox.Messages("")
	for _, m := range mails {
		seen[letter{m.To, m.Text}]++
	}
	var found []error
	for l, n := range seen {
		if n > 1 {
			found = append(found, fmt.Errorf("%s got %q %d times, want once", l.to, l.text, n))
		}
	}
	return errors.Join(found...)
}

// patience is how long a test waits for something that takes well under a second on an idle
// machine.
const patience = 40 * time.Second

// eventually calls missing until it returns "", which means that nothing is missing any more.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		still := missing()
		if still == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v: %s", patience, still)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// figure reads one number from a database.
func figure(t *testing.T, dsn, sql string, args ...any) (n int64) {
	t.Helper()
	withDatabase(t, dsn, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, sql, args...).Scan(&n)
	})
	return n
}

// execute changes a database directly.
func execute(t *testing.T, dsn, sql string, args ...any) {
	t.Helper()
	withDatabase(t, dsn, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql, args...)
		return err
	})
}

func withDatabase(t *testing.T, dsn string, do func(context.Context, *pgx.Conn) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	err = do(ctx, conn)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatal(err)
	}
}
