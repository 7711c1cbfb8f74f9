package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestASlowStartNamesWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	lines := make(lineChannel, 100)
	p := (&terminal{out: lines}).pending(time.Millisecond, "Firestore emulator", "build of API and functions")
	defer p.stop()
	lines.wait(t, "waiting for Firestore emulator, build of API and functions")
	p.ready("Firestore emulator", time.Second)
	lines.wait(t, "waiting for build of API and functions")
}

func TestAQuickStartNamesNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := (&terminal{out: &out}).pending(time.Hour, "mailbox")
	p.ready("mailbox", time.Second)
	p.stop()
	if strings.Contains(out.String(), "waiting") {
		t.Errorf("said %q", out.String())
	}
}

// lineChannel passes on what is written, as long as there is room.
type lineChannel chan string

func (c lineChannel) Write(text []byte) (int, error) {
	select {
	case c <- string(text):
	default:
	}
	return len(text), nil
}

func (c lineChannel) wait(t *testing.T, want string) {
	t.Helper()
	patience := time.After(time.Minute)
	for {
		select {
		case line := <-c:
			if strings.Contains(line, want) {
				return
			}
		case <-patience:
			t.Fatalf("no line says %q", want)
		}
	}
}
