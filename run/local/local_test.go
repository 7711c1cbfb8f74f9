package main

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"

	"example.com/missionpot/internal/lab"
)

func TestSaysWhichPortIsTakenAndHowToChangeIt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options{system: lab.SystemPorts{Mailbox: l.Addr().(*net.TCPAddr).Port}}
	err = o.checkPorts()
	if !errors.Is(err, lab.ErrPortTaken) || !strings.Contains(err.Error(), "-mailbox-port") {
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
	if got := exitCode(err); got != 7 {
		t.Errorf("exit code = %d, want 7", got)
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
