package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// MissingPart is a part of the stand that this machine does not have.
type MissingPart struct {
	What    string // for people
	Package string // its package on Debian and Ubuntu
	// Component is its name for gcloud. A part that has one comes from Google's own
	// apt repository.
	Component string
}

var (
	missingPostgres  = MissingPart{What: "Postgres server programs (initdb, postgres)", Package: "postgresql"}
	missingJava      = MissingPart{What: "a Java runtime (java), which Google's emulators run on", Package: "default-jre-headless"}
	missingFirestore = MissingPart{What: "Google's Firestore emulator", Package: "google-cloud-cli-firestore-emulator", Component: "cloud-firestore-emulator"}
	missingPubSub    = MissingPart{What: "Google's Pub/Sub emulator", Package: "google-cloud-cli-pubsub-emulator", Component: "pubsub-emulator"}
)

// MissingPartsError says which parts of the stand are absent and how to get them.
type MissingPartsError struct{ Parts []MissingPart }

// Error lists every missing part and ends with the commands that install them.
func (e *MissingPartsError) Error() string {
	var b strings.Builder
	b.WriteString("this machine lacks:\n")
	var components []string
	for _, part := range e.Parts {
		fmt.Fprintf(&b, "  - %s: package %s\n", part.What, part.Package)
		if part.Component != "" {
			components = append(components, part.Component)
		}
	}
	if components != nil {
		fmt.Fprintf(&b, "The google-cloud-cli packages come from Google's apt repository. Add it as described in\n"+
			"\"Install the Google Cloud CLI\", section Debian/Ubuntu: https://cloud.google.com/sdk/docs/install#deb\n"+
			"(Where gcloud came by Google's own installer: gcloud components install %s)\n", strings.Join(components, " "))
	}
	b.WriteString("Then, on Debian or Ubuntu:\n  sudo apt-get update && sudo apt-get install -y " +
		strings.Join(e.packages(), " "))
	return b.String()
}

func (e *MissingPartsError) packages() []string {
	names := make([]string, len(e.Parts))
	for i, part := range e.Parts {
		names[i] = part.Package
	}
	return names
}

// FindOrInstallParts is FindParts, but as root on Debian or Ubuntu it first
// installs what is missing with apt-get, after telling so on out. A package that
// apt does not know is left alone and named in the error.
func FindOrInstallParts(ctx context.Context, out io.Writer) (Parts, error) {
	parts, err := FindParts()
	var missing *MissingPartsError
	if !errors.As(err, &missing) {
		return parts, err
	}
	apt, lookErr := exec.LookPath("apt-get")
	if os.Geteuid() != 0 || lookErr != nil {
		return Parts{}, err
	}
	if updateErr := runApt(ctx, out, apt, "update", "-q"); updateErr != nil {
		return Parts{}, errors.Join(err, updateErr)
	}
	var known []string
	for _, name := range missing.packages() {
		if aptKnows(ctx, name) {
			known = append(known, name)
		}
	}
	if len(known) == 0 {
		return Parts{}, err
	}
	install := append([]string{"install", "-y", "-q", "--no-install-recommends"}, known...)
	if installErr := runApt(ctx, out, apt, install...); installErr != nil {
		return Parts{}, errors.Join(err, installErr)
	}
	return FindParts()
}

func runApt(ctx context.Context, out io.Writer, apt string, args ...string) error {
	fmt.Fprintf(out, "running as root: apt-get %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, apt, append([]string{"-o", lockTimeout}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = out, out
	// An apt-get that is killed leaves packages half installed, and the next one refuses
	// to work. So it is asked to end, in a group of its own that Ctrl-C does not reach,
	// and waited for: it ends between two packages.
	cmd.SysProcAttr = OwnGroup(nil)
	cmd.Cancel = func() error {
		fmt.Fprintln(out, "apt-get is asked to end; it finishes what it is at")
		return cmd.Process.Signal(syscall.SIGINT)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w", args[0], err)
	}
	return nil
}

// lockTimeout has apt wait for another one, such as the upgrades after a start, in
// seconds.
const lockTimeout = "DPkg::Lock::Timeout=120"

func aptKnows(ctx context.Context, name string) bool {
	return exec.CommandContext(ctx, "apt-cache", "show", "--no-all-versions", name).Run() == nil
}
