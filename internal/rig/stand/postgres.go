package stand

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresConfig describes one Postgres server of the stand.
type PostgresConfig struct {
	Name    string // "users" or "missions", for messages and the log's name
	DataDir string // made when absent; an existing one is used again
	LogFile string
	Port    int // 0 means any free port
	// ThrowAway trades safety for speed: a crash of the machine loses the data.
	ThrowAway bool
	// Settings are further settings, name=value; they win.
	Settings []string
}

// Postgres is a running server that trusts every connection from 127.0.0.1.
type Postgres struct {
	*Process
	Port int
}

// DSN is the address of one database of the server.
func (p *Postgres) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", address(p.Port), database)
}

// StartPostgres makes the data directory if need be, starts the server and waits
// until it answers a query. As root it runs the server as an unprivileged user.
func StartPostgres(ctx context.Context, parts Parts, cfg PostgresConfig) (*Postgres, error) {
	account, err := postgresAccount()
	if err != nil {
		return nil, err
	}
	if err := initDataDir(ctx, parts, cfg, account); err != nil {
		return nil, fmt.Errorf("make the %s database directory: %w", cfg.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		server, err := launchPostgres(ctx, parts, cfg, account)
		if err == nil || attempt == startAttempts || ctx.Err() != nil {
			return server, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(startPause):
		}
	}
}

// A start can fail for reasons that pass: somebody took the free port in between, or
// the children of a killed server, which are in sessions of their own, hold the data
// directory until they notice.
const (
	startAttempts = 5
	startPause    = 500 * time.Millisecond
)

func launchPostgres(ctx context.Context, parts Parts, cfg PostgresConfig, account *Account) (*Postgres, error) {
	port, err := portOr(cfg.Port)
	if err != nil {
		return nil, err
	}
	server := &Postgres{Port: port}
	server.Process, err = startReady(ctx, Program{
		Name:    "Postgres (" + cfg.Name + ")",
		Path:    filepath.Join(parts.PostgresBin, "postgres"),
		Args:    serverArgs(cfg, port),
		Dir:     "/",
		LogFile: cfg.LogFile,
		Account: account,
		// SIGINT is Postgres's fast shutdown: it does not wait for clients to leave.
		StopSignal: syscall.SIGINT,
	}, func(ctx context.Context) error { return Exec(ctx, server.DSN("postgres"), "SELECT 1") })
	if err != nil {
		return nil, err
	}
	return server, nil
}

func serverArgs(cfg PostgresConfig, port int) []string {
	settings := []string{
		"listen_addresses=" + loopback,
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		// The API, eight functions and a load generator share it, each with its pool.
		"max_connections=300",
		// In the data directory, and not in /dev/shm, where a server that is killed would
		// leave it for good.
		"dynamic_shared_memory_type=mmap",
		"log_timezone=UTC",
		"timezone=UTC",
	}
	if cfg.ThrowAway {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", cfg.DataDir}
	for _, s := range append(settings, cfg.Settings...) {
		args = append(args, "-c", s)
	}
	return args
}

// initDataDir runs initdb once. It builds beside the final place and renames, so a
// directory that exists is always whole.
func initDataDir(ctx context.Context, parts Parts, cfg PostgresConfig, account *Account) error {
	if _, err := os.Stat(cfg.DataDir); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	building := cfg.DataDir + ".building"
	if err := os.RemoveAll(building); err != nil {
		return err
	}
	if err := os.Mkdir(building, 0o700); err != nil {
		return err
	}
	if err := account.own(building); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(parts.PostgresBin, "initdb"),
		"-D", building, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
		"--auth-host=trust", "--auth-local=reject", "--no-sync", "--no-instructions")
	cmd.Dir = "/"
	cmd.SysProcAttr = OwnGroup(account)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(building, cfg.DataDir)
}

// Exec runs one statement on a connection of its own.
func Exec(ctx context.Context, dsn, sql string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
