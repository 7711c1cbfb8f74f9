package stand_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/missionpot/internal/rig/stand"
)

func TestADurableServerKeepsItsDataAndListensOnlyHere(t *testing.T) {
	t.Parallel()
	parts, err := stand.FindParts()
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := stand.NewScratch() // as root, Postgres's account can't enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { scratch.Close() })
	cfg := stand.PostgresConfig{Name: "test", DataDir: filepath.Join(scratch.Dir, "data"), LogFile: filepath.Join(scratch.Dir, "test.log")}

	first := startPostgres(t, parts, cfg)
	if err := stand.Exec(t.Context(), first.DSN("postgres"), "CREATE TABLE kept AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	usesNoSharedFolder(t, first)
	first.Kill() // as a crash would
	second := startPostgres(t, parts, cfg)
	conn, err := pgx.Connect(t.Context(), second.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for sql, want := range map[string]string{
		"SELECT n::text FROM kept":     "42",
		"SHOW fsync":                   "on",
		"SHOW listen_addresses":        "127.0.0.1",
		"SHOW unix_socket_directories": "",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", sql, got, err, want)
		}
	}
}

func startPostgres(t *testing.T, parts stand.Parts, cfg stand.PostgresConfig) *stand.Postgres {
	t.Helper()
	start := time.Now()
	server, err := stand.StartPostgres(t.Context(), parts, cfg)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Logf("ready after %v", time.Since(start))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// usesNoSharedFolder fails if a server has memory in /dev/shm, which would stay there when
// it is killed.
func usesNoSharedFolder(t *testing.T, server *stand.Postgres) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", server.PID()))
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("this machine has no /proc to look at")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "/dev/shm/") {
			t.Errorf("the server has memory in a folder of all: %s", line)
		}
	}
}
