package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bare is a machine in a folder: it has a shell and its tools, and no part of the stand.
// Its apt-get installs every package that its apt-cache knows, and writes down what it
// and the others were asked.
type bare struct {
	t   *testing.T
	dir string
}

// All of Debian's packages are known, and Google's once its source is there and can be read.
var bareTools = map[string]string{
	"apt-cache": `case $3 in google-*) [ -e "$MACHINE/unreachable" ] && exit 1; grep -qs packages.cloud "$MACHINE"/etc/apt/sources.list.d/*.list ;; esac`,
	"apt-get": `echo "apt-get $*" >>"$MACHINE/asked"
for package; do
	case $package in
	postgresql) put usr/lib/postgresql/15/bin/initdb; put usr/lib/postgresql/15/bin/postgres ;;
	default-jre-headless) put bin/java ;;
	gcc | prometheus | curl) put bin/$package ;;
	gnupg) put bin/gpg ;;
	google-cloud-cli-firestore-emulator) put usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar ;;
	google-cloud-cli-pubsub-emulator) put usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-1-all.jar ;;
	esac
done`,
	"go": `[ "$*" = "env CC" ] && echo gcc`,
}

const bareTool = `#!/bin/sh
put() { mkdir -p "$(dirname "$MACHINE/$1")"; printf '#!/bin/sh\necho "%s $*" >>"$MACHINE/asked"\ncat >/dev/null\n' "${1##*/}" >"$MACHINE/$1"; chmod +x "$MACHINE/$1"; }
`

func newBare(t *testing.T, uid string) *bare {
	t.Helper()
	m := &bare{t: t, dir: t.TempDir()}
	for name, does := range bareTools {
		m.program(name, bareTool+does)
	}
	m.program("id", "#!/bin/sh\necho "+uid)
	m.file("etc/apt/sources.list.d/debian.sources", "")
	for _, tool := range []string{"bash", "sh", "sed", "grep", "head", "dirname", "readlink", "tee", "mkdir", "cat", "chmod", "sleep"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.dir, "bin", tool)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *bare) program(name, text string) { m.file("bin/"+name, text) }

func (m *bare) file(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *bare) remove(name string) {
	m.t.Helper()
	if err := os.Remove(filepath.Join(m.dir, name)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *bare) command(needs ...string) *exec.Cmd {
	m.t.Helper()
	if _, err := os.Stat("prepare"); err != nil { // so that go test runs again when it changes
		m.t.Fatal(err)
	}
	cmd := exec.CommandContext(m.t.Context(), filepath.Join(m.dir, "bin/bash"), append([]string{"./prepare"}, needs...)...)
	cmd.Env = []string{"MACHINE=" + m.dir, "PREPARE_ROOT=" + m.dir, "HOME=" + m.dir, "PATH=" + filepath.Join(m.dir, "bin")}
	return cmd
}

func (m *bare) prepare(needs ...string) (said string, ok bool) {
	text, err := m.command(needs...).CombinedOutput()
	return strings.ReplaceAll(string(text), m.dir, ""), err == nil
}

func (m *bare) asked() []string {
	text, err := os.ReadFile(filepath.Join(m.dir, "asked"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), m.dir, "")), "\n")
}

var standParts = []string{"go", "postgres", "java", "firestore", "pubsub", "prometheus", "cc"}

func wantSaid(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("not said: %q, in:\n%s", w, said)
		}
	}
}

func TestAnOrdinaryUserGetsAllThatIsMissingAndOneBlockToPaste(t *testing.T) {
	t.Parallel()
	m := newBare(t, "1000")
	m.program("sudo", "#!/bin/sh\n")
	said, ok := m.prepare(standParts...)
	if ok {
		t.Error("prepare succeeded on a machine without anything")
	}
	wantSaid(t, said, "initdb", "Java", "Firestore emulator", "Pub/Sub emulator", "Prometheus", "C compiler", `
On Debian or Ubuntu, paste this:
  sudo apt-get update
  sudo apt-get install -y --no-install-recommends postgresql default-jre-headless prometheus gcc libc6-dev curl gnupg ca-certificates
  curl -fsSL https://packages.cloud.google.com/apt/doc/apt-key.gpg | sudo gpg --dearmor --yes -o /usr/share/keyrings/cloud.google.gpg
  echo 'deb [signed-by=/usr/share/keyrings/cloud.google.gpg] https://packages.cloud.google.com/apt cloud-sdk main' | sudo tee /etc/apt/sources.list.d/google-cloud-sdk.list
  sudo apt-get update
  sudo apt-get install -y --no-install-recommends google-cloud-cli-firestore-emulator google-cloud-cli-pubsub-emulator
`)
	if asked := m.asked(); asked != nil {
		t.Errorf("an ordinary user's run asked %q", asked)
	}
}

func TestSudoIsNamedOnlyWhereItIs(t *testing.T) {
	t.Parallel()
	said, _ := newBare(t, "1000").prepare(standParts...)
	wantSaid(t, said, "On Debian or Ubuntu, as root:\n  apt-get update\n")
	if strings.Contains(said, "sudo") {
		t.Errorf("sudo is named on a machine that has none:\n%s", said)
	}
}

func TestRootGetsEverythingInstalledAndIsToldWhatIsDone(t *testing.T) {
	t.Parallel()
	m := newBare(t, "0")
	said, ok := m.prepare(standParts...)
	if !ok {
		t.Fatalf("prepare failed:\n%s", said)
	}
	const apt = "apt-get -q -o DPkg::Lock::Timeout=120 "
	want := []string{
		apt + "update",
		apt + "install -y --no-install-recommends postgresql default-jre-headless prometheus gcc libc6-dev curl gnupg ca-certificates",
		"curl -fsSL https://packages.cloud.google.com/apt/doc/apt-key.gpg",
		"gpg --dearmor --yes -o /usr/share/keyrings/cloud.google.gpg",
		apt + "update",
		apt + "install -y --no-install-recommends google-cloud-cli-firestore-emulator google-cloud-cli-pubsub-emulator",
	}
	got := m.asked()
	if len(got) > 3 && strings.HasPrefix(got[2], "gpg") {
		got[2], got[3] = got[3], got[2] // the two ends of a pipe start in any order
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	wantSaid(t, said, "This machine lacks:", "+ "+want[0], "+ "+want[1], "+ "+want[5])
	if again, ok := m.prepare(standParts...); !ok || again != "" {
		t.Errorf("the second run said %q", again)
	}
}

func TestAListedSourceThatCannotBeReadIsNotToBeAdded(t *testing.T) {
	t.Parallel()
	for _, uid := range []string{"0", "1000"} {
		m := newBare(t, uid)
		m.file("unreachable", "")
		m.file("etc/apt/sources.list.d/google.list", "deb [signed-by=/k] https://packages.cloud.google.com/apt cloud-sdk main\n")
		said, ok := m.prepare(standParts...)
		if ok {
			t.Errorf("uid %s: prepare succeeded without the emulators", uid)
		}
		wantSaid(t, said, "listed in /etc/apt/sources.list.d/google.list, but apt-get update has not read it")
		if strings.Contains(said, "apt-key.gpg") {
			t.Errorf("uid %s: a source that is listed is to be added:\n%s", uid, said)
		}
	}
}

func TestWithoutAccessToGoogleRootIsToldWhatFailedAndWhatToDo(t *testing.T) {
	t.Parallel()
	m := newBare(t, "0")
	m.program("curl", "#!/bin/sh\necho 'curl: (6) Could not resolve host' >&2\nexit 6\n")
	m.program("gpg", "#!/bin/sh\ncat >/dev/null\n")
	said, ok := m.prepare(standParts...)
	if ok {
		t.Error("prepare succeeded without the emulators")
	}
	wantSaid(t, said, "curl: (6)", "prepare: this failed: curl -fsSL", "https://cloud.google.com/sdk/docs/install#deb",
		"This machine still lacks:\n  - Google's Firestore emulator")
	if _, after, _ := strings.Cut(said, "still lacks:"); strings.Contains(after, "Postgres") {
		t.Errorf("what Debian has was not installed first:\n%s", said)
	}
}

func TestTheStandGoesOnWithoutPrometheus(t *testing.T) {
	t.Parallel()
	said, ok := newBare(t, "1000").prepare("go", "prometheus")
	if !ok {
		t.Error("prepare failed for want of Prometheus alone")
	}
	wantSaid(t, said, "Prometheus", "apt-get install -y --no-install-recommends prometheus\n")
}

func TestWithoutGoNothingIsInstalled(t *testing.T) {
	t.Parallel()
	m := newBare(t, "0")
	m.remove("bin/go")
	said, ok := m.prepare(standParts...)
	if ok || !strings.HasPrefix(said, "This machine lacks:\n  - Go 1.26, from https://go.dev/doc/install\n") {
		t.Errorf("said, with ok = %t:\n%s", ok, said)
	}
	if asked := m.asked(); asked != nil {
		t.Errorf("asked %q", asked)
	}
}

func TestACacheThatCannotBeWrittenIsNamedWithTheWayOut(t *testing.T) {
	t.Parallel()
	m := newBare(t, "1000")
	m.file("taken", "")
	cmd := m.command("go")
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+filepath.Join(m.dir, "taken"))
	text, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("prepare succeeded without a place to build in")
	}
	wantSaid(t, string(text), "export XDG_CACHE_HOME=")
}

// slowApt stands for an apt-get in the middle of a package: asked to end, it finishes that.
const slowApt = `#!/bin/sh
trap 'sleep 0.3; echo finished >"$MACHINE/state"; exit 130' INT
echo unpacking >"$MACHINE/state"
while :; do sleep 0.05; done
`

func TestAptIsWaitedForWhenItIsStopped(t *testing.T) {
	t.Parallel()
	m := newBare(t, "0")
	m.program("apt-get", slowApt)
	state := func() string {
		text, _ := os.ReadFile(filepath.Join(m.dir, "state"))
		return strings.TrimSpace(string(text))
	}
	cmd := m.command(standParts...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); state() != "unpacking"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("apt-get was not started")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("a preparation that was stopped is no error")
	}
	if got := state(); got != "finished" {
		t.Errorf("apt-get was left %q, want it to finish the package it was at", got)
	}
}
