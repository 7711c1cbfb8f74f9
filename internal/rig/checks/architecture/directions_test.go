package architecture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.com/missionpot/internal/core/event"
)

const module = "example.com/missionpot/"

// A kind of package may import the standard library, the packages of the
// project named here by kind or by name, and the modules named here.
type kind struct {
	packages []string
	project  []string // kinds or packages of the project
	modules  []string // import path prefixes outside of it
}

const ids = "github.com/google/uuid" // see docs/decisions

// otel is OpenTelemetry's API. Its SDK is for internal/cloud/telemetry/export alone.
const otel = "go.opentelemetry.io/otel"

var kinds = map[string]kind{
	"pure": {
		packages: []string{"internal/core/fault", "internal/core/ledger", "internal/core/mission", "internal/core/event", "internal/core/mailtext", "internal/core/text", "internal/core/account", "internal/core/reconcile", "internal/core/rebuild"},
		project:  []string{"pure", "terraform"}, // terraform has the table that Terraform reads as well
		modules:  []string{ids, "golang.org/x/text/unicode/norm", "golang.org/x/net/publicsuffix", "golang.org/x/net/idna", "github.com/mtibben/confusables"},
	},
	// The table of the pipeline, embedded.
	"terraform": {packages: []string{"terraform"}},
	// Concurrency and flow without an SDK: packages that a step may use apart from the pure ones.
	"flow": {
		packages: []string{"internal/flow/batch", "internal/flow/cache", "internal/flow/eventcopy", "internal/flow/redrive"},
		project:  []string{"pure"},
		modules:  []string{ids, "golang.org/x/sync/"},
	},
	"step": {
		packages: stepPackages(),
		project:  []string{"pure", "flow", "internal/cloud/push"},
		modules:  []string{ids, "golang.org/x/sync/", otel},
	},
	// How to connect, whatever is stored.
	"pg": {
		packages: []string{"internal/store/pg"},
		modules:  []string{ids, "github.com/jackc/pgx/v5", "github.com/exaring/otelpgx", otel},
	},
	"postgres": {
		packages: []string{"internal/store/ledgerdb", "internal/store/reconciledb", "internal/store/missionsdb"},
		project:  []string{"pure", "pg"},
		modules:  []string{ids, "github.com/jackc/pgx/v5"},
	},
	// A user with cash can't leave, so the people read the ledger. The ledger never reads them.
	"peopledb": {
		packages: []string{"internal/store/peopledb"},
		project:  []string{"pure", "pg", "internal/store/ledgerdb"},
		modules:  []string{ids, "github.com/jackc/pgx/v5"},
	},
	"firestore": {
		packages: []string{"internal/store/betlog", "internal/store/liveboard", "internal/store/deadletter"},
		project:  []string{"pure"},
		modules:  []string{ids, "cloud.google.com/go/firestore", "google.golang.org/", "golang.org/x/sync/"},
	},
	"pubsub": {
		packages: []string{"internal/cloud/bus"},
		project:  []string{"pure", "internal/cloud/telemetry"},
		modules:  []string{ids, "cloud.google.com/go/pubsub/v2", "google.golang.org/", otel},
	},
	"cloudsql": {packages: []string{"internal/cloud/cloudsql"}, modules: []string{"cloud.google.com/go/cloudsqlconn"}},
	"mail":     {packages: []string{"internal/cloud/sendgrid"}, project: []string{"pure"}, modules: []string{"github.com/sendgrid/"}},
	"token":    {packages: []string{"internal/auth/token"}, project: []string{"pure"}, modules: []string{ids, "github.com/lestrrat-go/jwx/v3", "github.com/hashicorp/golang-lru/v2"}},
	"password": {packages: []string{"internal/auth/password"}, project: []string{"pure"}, modules: []string{"github.com/alexedwards/argon2id"}},
	"factor":   {packages: []string{"internal/auth/totp"}, project: []string{"pure"}, modules: []string{"github.com/pquerna/otp"}},
	"payment":  {packages: []string{"internal/cloud/payment"}, project: []string{"pure"}, modules: []string{ids}},
	// HTTP that knows no mission, no cash and no store.
	"edge": {
		packages: []string{"internal/api/edge"},
		project:  []string{"internal/core/fault", "internal/cloud/telemetry", "internal/auth/token", "internal/flow/batch", "internal/flow/cache"},
		modules:  []string{ids, "github.com/danielgtaylor/huma/v2", "github.com/go-json-experiment/json", "github.com/rs/cors", "github.com/throttled/throttled/v2", otel, "google.golang.org/grpc/"},
	},
	"api": {
		packages: []string{"internal/api"},
		project:  []string{"pure", "flow", "edge", "people", "internal/auth/token"},
		modules:  []string{ids, "github.com/danielgtaylor/huma/v2", "github.com/go-json-experiment/json", "github.com/hashicorp/golang-lru/v2", otel},
	},
	// Accounts and signing in, which move no cash and know no mission's state.
	"people": {
		packages: []string{"internal/api/people"},
		project:  []string{"internal/core/account", "internal/core/fault", "internal/core/ledger", "edge", "internal/auth/token", "internal/auth/totp"},
		modules:  []string{ids},
	},
	"push":    {packages: []string{"internal/cloud/push"}, project: []string{"pure", "internal/cloud/telemetry"}, modules: []string{otel}},
	"gauges":  {packages: []string{"internal/cloud/gauges"}, project: []string{"pure"}, modules: []string{otel}},
	"program": {packages: []string{"internal/program"}},
	// It acts as an outside client, so it imports nothing of the system.
	"client": {packages: []string{"internal/rig/client"}, modules: []string{ids}},
}

// stepPackages are the folders of the pipeline's steps.
func stepPackages() (packages []string) {
	for _, s := range event.Steps() {
		packages = append(packages, "functions/"+s.Name)
	}
	return packages
}

// Packages that wire the others together may import anything.
var wiring = []string{"functions", "run/", "internal/wire", "internal/cloud/config", "internal/cloud/telemetry", "internal/rig/", "migrations"}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestEveryPackageImportsOnlyWhatItsKindMay(t *testing.T) {
	t.Parallel()
	packages := list(t)
	kindOf := map[string]string{}
	for name, k := range kinds {
		for _, p := range k.packages {
			kindOf[p] = name
			if !slices.ContainsFunc(packages, func(l listed) bool { return l.ImportPath == module+p }) {
				t.Errorf("package %s of kind %s does not exist", p, name)
			}
		}
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		k, ruled := kinds[kindOf[name]]
		if !ruled {
			if !isWiring(name) && p.ImportPath+"/" != module {
				t.Errorf("package %s has no kind; say in this test what it may import", name)
			}
			continue
		}
		for _, imported := range p.Imports {
			if !k.allows(imported, kindOf) {
				t.Errorf("%s (%s) must not import %s", name, kindOf[name], imported)
			}
		}
	}
}

func (k kind) allows(imported string, kindOf map[string]string) bool {
	if inProject, ours := strings.CutPrefix(imported, module); ours {
		return slices.Contains(k.project, inProject) || kindOf[inProject] != "" && slices.Contains(k.project, kindOf[inProject])
	}
	standard := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	return standard || slices.ContainsFunc(k.modules, func(m string) bool { return strings.HasPrefix(imported, m) })
}

func isWiring(name string) bool {
	return slices.ContainsFunc(wiring, func(w string) bool {
		return name == w || strings.HasPrefix(name, strings.TrimSuffix(w, "/")+"/")
	})
}

// impure are the parts of the standard library that a rule must not use.
var impure = []string{"net", "os", "os/exec", "database/sql", "log", "log/slog", "syscall"}

func TestPurePackagesDoNoIO(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if !slices.Contains(kinds["pure"].packages, strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		for _, imported := range p.Imports {
			// fault uses net/http for the names of the statuses.
			if slices.Contains(impure, imported) || imported == "net/http" && !strings.HasSuffix(p.ImportPath, "/fault") {
				t.Errorf("%s imports %s: a rule does no I/O", p.ImportPath, imported)
			}
		}
	}
}

// rig is what never ships: the stand, the tests of everything together, chaos, bench.
const rig = module + "internal/rig/"

// ofTheRig are the programs that run on a developer's machine, and the smoke test, which
// calls the API as anybody would.
var ofTheRig = []string{"run/local", "run/chaos", "run/bench", "run/smoke"}

func TestOnlyTestsAndTheRigImportTheRig(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if strings.HasPrefix(p.ImportPath, rig) || slices.Contains(ofTheRig, strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, rig) {
				t.Errorf("%s imports %s, which never ships", p.ImportPath, imported)
			}
		}
	}
}

// wire reaches everything that a program has rights to. Whoever is given a client from outside can
// be tested with another, and reaches nothing else.
func TestOnlyProgramsImportTheWiring(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == "functions" || strings.HasPrefix(name, "run/") {
			continue
		}
		for _, imported := range p.Imports {
			if imported == module+"internal/wire" || imported == module+"internal/program" {
				t.Errorf("%s imports %s, which is for programs", name, imported)
			}
		}
	}
}

func TestNoProgramOfTheCloudImportsTheLocalStandOrTesting(t *testing.T) {
	t.Parallel()
	programs := []string{strings.TrimSuffix(module, "/"), module + "run/api", module + "run/migrate", module + "run/operator"}
	for _, p := range list(t) {
		if !slices.Contains(programs, p.ImportPath) {
			continue
		}
		programs = slices.DeleteFunc(programs, func(name string) bool { return name == p.ImportPath })
		for _, dep := range p.Deps {
			if dep == "testing" || strings.HasPrefix(dep, rig) {
				t.Errorf("%s imports %s", p.ImportPath, dep)
			}
		}
	}
	if len(programs) > 0 {
		t.Errorf("these programs do not exist: %v", programs)
	}
}

// The pure packages have no clock: a rule that reads the time can't be tested
// at its edges.
func TestPurePackagesDoNotReadTheClock(t *testing.T) {
	t.Parallel()
	args := []string{"-nE", `time\.(Now|Since|Until|After|Sleep|Tick)\(`, "--include=*.go", "--exclude=*_test.go", "-r"}
	for _, p := range kinds["pure"].packages {
		args = append(args, "../../../../"+p)
	}
	out, err := exec.CommandContext(t.Context(), "grep", args...).CombinedOutput()
	var exit *exec.ExitError
	if err == nil {
		t.Errorf("a pure package reads the clock:\n%s", out)
	} else if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("grep: %v\n%s", err, out)
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// Adapters and steps measure through OpenTelemetry's API, which costs nothing until a program
// installs the SDK behind it.
func TestOnlyOnePackageImportsOpenTelemetrysSDK(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, imported := range p.Imports {
			sdk := strings.HasPrefix(imported, otel+"/sdk") || strings.HasPrefix(imported, otel+"/exporters")
			if sdk && p.ImportPath != module+"internal/cloud/telemetry/export" {
				t.Errorf("%s imports %s: only internal/cloud/telemetry/export may", p.ImportPath, imported)
			}
		}
	}
}
