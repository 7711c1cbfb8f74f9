package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/missionpot/internal/rig/stand"
)

func TestSaysWhichPortIsTakenAndHowToChangeIt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options{system: stand.SystemPorts{Mailbox: l.Addr().(*net.TCPAddr).Port}}
	err = o.checkPorts()
	if !errors.Is(err, stand.ErrPortTaken) || !strings.Contains(err.Error(), "-mailbox-port") {
		t.Errorf("error = %v, want the flag that changes the port", err)
	}
}

func TestTwoCheckoutsHaveTheirOwnDirectories(t *testing.T) {
	t.Parallel()
	if defaultDir("/a") == defaultDir("/b") {
		t.Error("two checkouts share a directory")
	}
}

func TestRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-api-port", "x"}, {"down"}} {
		if _, err := parseOptions(args, "/m"); !errors.Is(err, errUsage) {
			t.Errorf("%v: error = %v, want errUsage", args, err)
		}
	}
}

func TestPassesOnTheStatusOfTheCommand(t *testing.T) {
	t.Parallel()
	err := runCommand(t.Context(), []string{"sh", "-c", "exit 7"}, nil)
	var said bytes.Buffer
	if got := exitCode(withMore(err, nil), &said); got != 7 || said.Len() > 0 {
		t.Errorf("exit code = %d with %q, want 7 and no word more", got, &said)
	}
}

// Whatever the stand starts for itself, a program that fails is reported: initdb on a full
// disk, go build with a compile error, a java that can't start, apt-get.
func TestTheStatusOfAnyOtherProgramIsReported(t *testing.T) {
	t.Parallel()
	failed := exec.Command("sh", "-c", "exit 3").Run()
	for name, err := range map[string]error{
		"bare": failed, "wrapped": fmt.Errorf("make the users database directory: initdb: %w", failed),
		"joined":                      errors.Join(errors.New("something else"), failed),
		"beside the command's":        errors.Join(commandStatus(7), failed),
		"a command that is not there": runCommand(t.Context(), []string{"/no/such/program"}, nil),
	} {
		var said bytes.Buffer
		if got := exitCode(err, &said); got == 0 || !strings.Contains(said.String(), err.Error()) {
			t.Errorf("%s: exit code = %d with %q, want the error to be said", name, got, &said)
		}
	}
}

func TestWhatACommandLeavesInItsTemporaryFolderEndsWithTheServers(t *testing.T) {
	top := t.TempDir()
	t.Setenv("TMPDIR", top)
	scratch, err := stand.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "left")
	err = runInScratch(t.Context(), scratch, []string{"sh", "-c", `mktemp >"$0"`, left}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	if name, err := os.ReadFile(left); err != nil || !strings.HasPrefix(string(name), top) {
		t.Fatalf("the command made %q (%v), want a file below %s", name, err, top)
	}
	if err := scratch.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(filepath.Join(top, "*")); err != nil || found != nil {
		t.Errorf("left behind: %q, %v", found, err)
	}
}

func TestAllTakenPortsAreNamedAtOnceWithFlagsToCopy(t *testing.T) {
	t.Parallel()
	o := options{servers: stand.ServerPorts{Users: 23456}}
	for _, port := range []*int{&o.system.API, &o.system.Functions} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	err := o.checkPorts()
	if err == nil || !strings.Contains(err.Error(), "-api-port ") || !strings.Contains(err.Error(), "-functions-port ") {
		t.Errorf("error = %v, want both flags", err)
	}
	if err != nil && !strings.Contains(err.Error(), "-users-port 23456") {
		t.Errorf("error = %v, want the flag that was given before kept", err)
	}
}

// A root whose files are nobody else's by default can run the stand: Postgres's account
// must get through every folder of it.
func TestTheStandsFoldersCanBeEnteredWhateverTheUmask(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	top := t.TempDir()
	dir := filepath.Join(top, "missionpot", "0123")
	lock, err := claimDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	for _, made := range []string{filepath.Dir(dir), dir} {
		info, err := os.Stat(made)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o755 {
			t.Errorf("%s has the mode %v, want 0755", filepath.Base(made), info.Mode().Perm())
		}
	}
}

func TestUsesColoursOnlyOnATerminal(t *testing.T) {
	t.Parallel()
	for colours, want := range map[bool]string{false: "\nhello\n", true: "\n\x1b[1mhello\x1b[0m\n"} {
		var out bytes.Buffer
		(&terminal{out: &out, colours: colours}).heading("hello")
		if out.String() != want {
			t.Errorf("colours %t: wrote %q, want %q", colours, out.String(), want)
		}
	}
}

func TestWritesWonWithThousandsApart(t *testing.T) {
	t.Parallel()
	for amount, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5000: "-5,000"} {
		if got := won(amount); got != want {
			t.Errorf("won(%d) = %q, want %q", amount, got, want)
		}
	}
}

func TestAPageOnThisMachineMayCallTheStandUnlessOthersAreNamed(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"": "CORS_ORIGINS=http://127.0.0.1,http://localhost,http://127.0.0.1:*,http://localhost:*", "https://app.example.com": "CORS_ORIGINS=https://app.example.com",
	} {
		if got := apiSettings(asked); !slices.Contains(got, want) {
			t.Errorf("asked for %q, the API gets %q, want %s", asked, got, want)
		}
	}
}
