package directions

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "example.com/missionpot/"

// pure packages hold rules: no I/O, no clock, no SDK.
var pure = []string{"internal/mission", "internal/ledger", "internal/event", "internal/fault"}

// pureLibraries are what a pure package may import beside the standard library:
// plain values without I/O.
var pureLibraries = []string{"github.com/google/uuid"}

// impure are the parts of the standard library that pure packages must do without.
var impure = []string{"net", "net/http", "os", "database/sql", "log", "log/slog", "os/exec", "syscall"}

// adapters each wrap one SDK.
var adapters = []string{"internal/betlog", "internal/bus", "internal/usersdb", "internal/missionsdb", "internal/board", "internal/deadletter", "internal/mail"}

// sdks are the SDKs, by prefix. No package but an adapter, the wiring and the local
// stand touches one; an adapter touches one.
var sdks = []string{
	"cloud.google.com/go/firestore",
	"cloud.google.com/go/pubsub",
	"github.com/jackc/pgx",
	"github.com/sendgrid/sendgrid-go",
}

func TestPureRulesImportOnlyPureRulesAndPlainValues(t *testing.T) {
	t.Parallel()
	packages := list(t)
	for _, p := range pure {
		for _, imported := range packages.imports(t, p) {
			own, isOwn := strings.CutPrefix(imported, module)
			switch {
			case isOwn && !slices.Contains(pure, own):
				t.Errorf("%s imports %s, which is not pure", p, own)
			case !isOwn && strings.Contains(imported, ".") && !slices.Contains(pureLibraries, imported):
				t.Errorf("%s imports %s: a rule needs no library", p, imported)
			case p == "internal/fault" && imported == "net/http":
				// Only for the names of the statuses.
			case slices.Contains(impure, imported):
				t.Errorf("%s imports %s: a rule does no I/O", p, imported)
			}
		}
	}
}

func TestAdaptersKnowOneSDKAndNoOtherAdapter(t *testing.T) {
	t.Parallel()
	packages := list(t)
	for _, p := range adapters {
		known := map[string]bool{}
		for _, imported := range packages.imports(t, p) {
			if own, isOwn := strings.CutPrefix(imported, module); isOwn && slices.Contains(adapters, own) {
				t.Errorf("%s imports the adapter %s", p, own)
			}
			if sdk := sdkOf(imported); sdk != "" {
				known[sdk] = true
			}
		}
		if len(known) > 1 {
			t.Errorf("%s knows the SDKs %v, want one", p, slices.Sorted(maps.Keys(known)))
		}
	}
}

func TestStepsKnowNeitherAdaptersNorSDKs(t *testing.T) {
	t.Parallel()
	packages := list(t)
	for p := range packages {
		if !strings.HasPrefix(p, "functions/") {
			continue
		}
		for _, imported := range packages.imports(t, p) {
			own, isOwn := strings.CutPrefix(imported, module)
			if isOwn && slices.Contains(adapters, own) || sdkOf(imported) != "" {
				t.Errorf("the step %s imports %s: declare a small interface instead", p, imported)
			}
		}
	}
}

func TestOnlyAdaptersWiringAndTheStandTouchSDKs(t *testing.T) {
	t.Parallel()
	packages := list(t)
	allowed := append([]string{"functions", "internal/lab", "internal/lab/labtest", "migrations"}, adapters...)
	for p := range packages {
		if slices.Contains(allowed, p) || strings.HasPrefix(p, "run/") {
			continue
		}
		for _, imported := range packages.imports(t, p) {
			if sdk := sdkOf(imported); sdk != "" {
				t.Errorf("%s imports %s, which belongs into an adapter", p, sdk)
			}
		}
	}
}

func TestNothingThatRunsInTheCloudContainsTheLocalStandOrTesting(t *testing.T) {
	t.Parallel()
	packages := list(t)
	for _, program := range []string{"", "run/api", "run/migrate"} {
		for _, dep := range packages.deps(t, program) {
			if dep == "testing" || strings.HasPrefix(dep, module+"internal/lab") {
				t.Errorf("%q contains %s", program, dep)
			}
		}
	}
}

func sdkOf(imported string) string {
	for _, sdk := range sdks {
		if imported == sdk || strings.HasPrefix(imported, sdk+"/") {
			return sdk
		}
	}
	return ""
}

// pkg is the part of `go list -json` that the rules look at. Test files are left out:
// a test may use whatever it needs.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// listing is every package of the module, by its path below the module's.
type listing map[string]pkg

func (l listing) imports(t *testing.T, path string) []string {
	t.Helper()
	return l.get(t, path).Imports
}

func (l listing) deps(t *testing.T, path string) []string {
	t.Helper()
	return l.get(t, path).Deps
}

// get fails for a package that is not there: a rule about nothing holds nothing.
func (l listing) get(t *testing.T, path string) pkg {
	t.Helper()
	p, ok := l[path]
	if !ok {
		t.Errorf("the module has no package %q; mend the list in this test", path)
	}
	return p
}

func list(t *testing.T) listing {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	all := listing{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all[strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, strings.TrimSuffix(module, "/")), "/")] = p
	}
}
