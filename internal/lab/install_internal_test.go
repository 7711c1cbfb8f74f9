package lab

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// slowApt stands for an apt-get in the middle of a package: asked to end, it finishes that.
const slowApt = `#!/bin/sh
echo "$@" >"$(dirname "$0")/asked"
trap 'sleep 0.3; echo finished >"$(dirname "$0")/state"; exit 130' INT
echo unpacking >"$(dirname "$0")/state"
while :; do sleep 0.05; done
`

func TestAptIsWaitedForWhenTheStandIsStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apt := filepath.Join(dir, "apt-get")
	if err := os.WriteFile(apt, []byte(slowApt), 0o755); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "state"))
		return strings.TrimSpace(string(text))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for state() != "unpacking" {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	var out strings.Builder
	if err := runApt(ctx, &out, apt, "install", "-y", "postgresql"); err == nil {
		t.Error("an apt-get that was asked to end is no error")
	}
	if got := state(); got != "finished" {
		t.Errorf("apt-get was left %q, want it to finish the package it was at", got)
	}
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	if err != nil || !strings.Contains(string(asked), lockTimeout) {
		t.Errorf("apt-get was asked %q (%v), want it to wait for another one's lock", asked, err)
	}
}
