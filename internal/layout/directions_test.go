package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.com/missionpot/internal/event"
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

// otel is OpenTelemetry's API. Its SDK is for internal/telemetry/export alone.
const otel = "go.opentelemetry.io/otel"

var kinds = map[string]kind{
	"pure": {
		packages: []string{"internal/fault", "internal/ledger", "internal/mission", "internal/event", "internal/letter", "internal/text", "internal/account", "internal/books", "internal/restore"},
		project:  []string{"pure", "terraform"}, // terraform has the table that Terraform reads as well
		modules:  []string{ids, "golang.org/x/text/unicode/norm", "golang.org/x/net/publicsuffix", "golang.org/x/net/idna", "github.com/mtibben/confusables"},
	},
	// The table of the pipeline, embedded.
	"terraform": {packages: []string{"terraform"}},
	// Concurrency and flow without an SDK: packages that a step may use apart from the pure ones.
	"flow": {
		packages: []string{"internal/batch", "internal/broadcast", "internal/redrive"},
		project:  []string{"pure"},
		modules:  []string{ids},
	},
	"step": {
		packages: stepPackages(),
		project:  []string{"pure", "flow", "internal/push"},
		modules:  []string{ids, "golang.org/x/sync/", otel},
	},
	"postgres": {
		packages: []string{"internal/usersdb", "internal/missionsdb"},
		project:  []string{"pure"},
		modules:  []string{ids, "github.com/jackc/pgx/v5", "github.com/exaring/otelpgx", "golang.org/x/sync/", otel},
	},
	"firestore": {
		packages: []string{"internal/betlog", "internal/board", "internal/deadletter"},
		project:  []string{"pure"},
		modules:  []string{ids, "cloud.google.com/go/firestore", "google.golang.org/", "golang.org/x/sync/"},
	},
	"pubsub": {
		packages: []string{"internal/bus"},
		project:  []string{"pure", "internal/telemetry"},
		modules:  []string{ids, "cloud.google.com/go/pubsub/v2", "google.golang.org/", otel},
	},
	"cloudsql": {packages: []string{"internal/cloudsql"}, modules: []string{"cloud.google.com/go/cloudsqlconn"}},
	"mail":     {packages: []string{"internal/mail"}, project: []string{"pure"}, modules: []string{"github.com/sendgrid/"}},
	"token":    {packages: []string{"internal/token"}, project: []string{"pure"}, modules: []string{ids, "github.com/lestrrat-go/jwx/v3", "github.com/hashicorp/golang-lru/v2"}},
	"password": {packages: []string{"internal/password"}, project: []string{"pure"}, modules: []string{"github.com/alexedwards/argon2id"}},
	"factor":   {packages: []string{"internal/factor"}, project: []string{"pure"}, modules: []string{"github.com/pquerna/otp"}},
	"payment":  {packages: []string{"internal/payment"}, project: []string{"pure"}, modules: []string{ids}},
	// HTTP that knows no mission, no cash and no store.
	"edge": {
		packages: []string{"internal/api/edge"},
		project:  []string{"internal/fault", "internal/telemetry", "internal/token", "internal/batch"},
		modules:  []string{ids, "github.com/danielgtaylor/huma/v2", "github.com/go-json-experiment/json", "github.com/rs/cors", "github.com/throttled/throttled/v2", otel, "golang.org/x/sync/", "google.golang.org/grpc/"},
	},
	"api": {
		packages: []string{"internal/api"},
		project:  []string{"pure", "flow", "edge", "people", "internal/token"},
		modules:  []string{ids, "github.com/danielgtaylor/huma/v2", "github.com/go-json-experiment/json", otel, "golang.org/x/sync/"},
	},
	// Accounts and signing in, which move no cash and know no mission's state.
	"people": {
		packages: []string{"internal/api/people"},
		project:  []string{"internal/account", "internal/fault", "internal/ledger", "edge", "internal/token", "internal/factor"},
		modules:  []string{ids},
	},
	"push":  {packages: []string{"internal/push"}, project: []string{"pure", "internal/telemetry"}, modules: []string{otel}},
	"audit": {packages: []string{"internal/audit"}, project: []string{"pure"}, modules: []string{otel}},
	// It acts as an outside client, so it imports nothing of the system.
	"client": {packages: []string{"internal/client"}, modules: []string{ids}},
}

// stepPackages are the folders of the pipeline's steps.
func stepPackages() (packages []string) {
	for _, s := range event.Steps() {
		packages = append(packages, "functions/"+s.Name)
	}
	return packages
}

// Packages that wire the others together may import anything.
var wiring = []string{"internal/bench", "functions", "run/", "internal/lab", "internal/config", "internal/telemetry", "internal/layout", "internal/deploy", "internal/pipeline", "internal/e2e", "internal/chaos", "migrations", "internal/monitoring"}

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

func TestNoProgramOfTheCloudImportsTheLocalStandOrTesting(t *testing.T) {
	t.Parallel()
	programs := []string{strings.TrimSuffix(module, "/"), module + "run/api", module + "run/migrate", module + "run/operator"}
	for _, p := range list(t) {
		if !slices.Contains(programs, p.ImportPath) {
			continue
		}
		programs = slices.DeleteFunc(programs, func(name string) bool { return name == p.ImportPath })
		for _, dep := range p.Deps {
			if dep == "testing" || strings.HasPrefix(dep, module+"internal/lab") || strings.HasPrefix(dep, module+"internal/chaos") {
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
		args = append(args, "../../"+p)
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
			if sdk && p.ImportPath != module+"internal/telemetry/export" {
				t.Errorf("%s imports %s: only internal/telemetry/export may", p.ImportPath, imported)
			}
		}
	}
}
