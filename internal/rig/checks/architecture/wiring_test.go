package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/missionpot/internal/core/event"
)

// The constructors of events in the code of the steps, by topic.
var makers = map[string]event.Topic{
	"NewBetPlaced": event.BetPlaced{}.Topic(), "BetPlaced": event.BetPlaced{}.Topic(),
	"NewPotChanged": event.PotChanged{}.Topic(), "StakeDeclined": event.StakeDeclined{}.Topic(),
	"NewVerdictGiven": event.VerdictGiven{}.Topic(), "NewMissionSettled": event.MissionSettled{}.Topic(),
}

func TestAStepMayPublishToTheTopicsOfTheEventsItMakes(t *testing.T) {
	t.Parallel()
	for _, s := range event.Steps() {
		made := map[event.Topic]bool{}
		for _, file := range parseFolder(t, filepath.Join("../../../../functions", s.Name)) {
			ast.Inspect(file, func(n ast.Node) bool {
				var called ast.Expr
				switch n := n.(type) {
				case *ast.CallExpr:
					called = n.Fun
				case *ast.CompositeLit:
					called = n.Type
				}
				if selector, ok := called.(*ast.SelectorExpr); ok && nameOf(selector.X) == "event" {
					if topic, makes := makers[selector.Sel.Name]; makes {
						made[topic] = true
					}
				}
				return true
			})
		}
		topics, want := slices.Sorted(maps.Keys(made)), slices.Sorted(slices.Values(s.Publishes))
		if !slices.Equal(topics, want) {
			t.Errorf("functions/%s makes events for %v, but terraform/pipeline.json lets it publish to %v", s.Name, topics, want)
		}
	}
}

func TestTheConnectionsOfTheProgramsAreCounted(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"service_pool": "run/api", "operator_connections": "run/operator"} {
		connections := constants(parseFolder(t, "../../../../"+folder))["connections"]
		pool := regexp.MustCompile(name + `\s*=\s*(\d+)`).FindStringSubmatch(terraformFolders(t)["."]["outputs.tf"])
		if pool == nil || strconv.Itoa(connections) != pool[1] {
			t.Errorf("%s in terraform/outputs.tf is %v, want %d, as in %s", name, pool, connections, folder)
		}
	}
}

// A setting that no program reads misleads whoever sets it.
func TestEverySettingOfTerraformIsReadByAProgram(t *testing.T) {
	t.Parallel()
	read := map[string]bool{"GOGC": true, "GOMEMLIMIT": true} // by Go itself
	for _, folder := range []string{"../../../cloud/config", "../../../../run/api", "../../../../run/migrate"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`env:"([A-Z0-9_]+)`).FindAllSubmatch(text, -1) {
				read[string(m[1])] = true
			}
		}
	}
	setting := regexp.MustCompile(`(?m)(?:^|[{(,])\s*"?((?:\$\{upper\([a-z.]+\)\})?[A-Z0-9_]{4,})"?\s*=[^=>]|"(\$\{upper\([a-z.]+\)\}[A-Z0-9_]+)"`)
	found := 0
	for folder, files := range terraformFolders(t) {
		for name, text := range files {
			for _, m := range setting.FindAllStringSubmatch(text, -1) {
				found++
				for _, key := range []string{"USERS", "MISSIONS"} {
					variable := regexp.MustCompile(`\$\{upper\([a-z.]+\)\}`).ReplaceAllString(m[1]+m[2], key)
					if !read[variable] && !strings.HasPrefix(variable, "OTEL_") { // the SDK reads more of those than we do
						t.Errorf("%s/%s sets %s, which no program reads", folder, name, variable)
					}
				}
			}
		}
	}
	if found < 12 {
		t.Errorf("found %d settings, want more: is the pattern still right?", found)
	}
}

// constants reads the whole numbers that are named in files.
func constants(files []*ast.File) map[string]int {
	named := map[string]int{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.INT {
					if number, err := strconv.Atoi(literal.Value); err == nil {
						named[spec.Names[i].Name] = number
					}
				}
			}
			return true
		})
	}
	return named
}

func nameOf(e ast.Expr) string {
	if identifier, ok := e.(*ast.Ident); ok {
		return identifier.Name
	}
	return ""
}

// parseFolder parses the Go files of a folder, without its tests.
func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		t.Fatalf("no Go files in %s", folder)
	}
	return files
}
