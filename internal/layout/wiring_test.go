package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/event"
)

// opened is what the wiring of a function opens, read from functions/functions.go.
type opened struct {
	Databases []string
	Pool      int // of each
	Firestore string
	Publishes bool
}

// A function gets rights only to what it opens. A pool that grew only in the code could exceed the
// server's connections.
func TestTheTableOfTerraformMatchesTheWiring(t *testing.T) {
	t.Parallel()
	wiring := wiringOfFunctions(t)
	table := map[string]opened{}
	for _, s := range pipelineTable(t) {
		table[s.Function] = opened{Databases: slices.Sorted(slices.Values(s.Databases)), Pool: s.Pool, Firestore: s.Firestore, Publishes: len(s.Publishes) > 0}
	}
	if diff := cmp.Diff(wiring, table); diff != "" {
		t.Errorf("what functions open (-functions/functions.go +terraform/pipeline.tf):\n%s", diff)
	}
}

// The constructors of events in the code of the steps, by topic.
var makers = map[string]event.Topic{
	"NewBetPlaced": event.BetPlaced{}.Topic(), "BetPlaced": event.BetPlaced{}.Topic(),
	"NewPotChanged": event.PotChanged{}.Topic(), "BetDeclined": event.BetDeclined{}.Topic(),
	"NewVerdictGiven": event.VerdictGiven{}.Topic(), "NewMissionSettled": event.MissionSettled{}.Topic(),
}

func TestAStepMayPublishToTheTopicsOfTheEventsItMakes(t *testing.T) {
	t.Parallel()
	for name, s := range pipelineTable(t) {
		made := map[string]bool{}
		for _, file := range parseFolder(t, filepath.Join("../../functions", name)) {
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
						made[string(topic)] = true
					}
				}
				return true
			})
		}
		var topics []string
		for topic := range made {
			topics = append(topics, topic)
		}
		slices.Sort(topics)
		want := slices.Clone(s.Publishes)
		slices.Sort(want)
		if !slices.Equal(topics, want) {
			t.Errorf("functions/%s makes events for %v, but terraform/pipeline.tf lets it publish to %v", name, topics, want)
		}
	}
}

func TestTheConnectionsOfTheServicesAreCounted(t *testing.T) {
	t.Parallel()
	connections := constants(parseFolder(t, "../../run/api"))["connections"]
	pool := regexp.MustCompile(`service_pool\s*=\s*(\d+)`).FindStringSubmatch(terraformFolders(t)["."]["outputs.tf"])
	if pool == nil || strconv.Itoa(connections) != pool[1] {
		t.Errorf("service_pool in terraform/outputs.tf is %v, want %d, as in run/api", pool, connections)
	}
}

// A setting that no program reads misleads whoever sets it.
func TestEverySettingOfTerraformIsReadByAProgram(t *testing.T) {
	t.Parallel()
	read := map[string]bool{"GOGC": true, "GOMEMLIMIT": true} // by Go itself
	for _, folder := range []string{"../config", "../../run/api", "../../run/migrate"} {
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

// wiringOfFunctions reads which opening each registered function calls.
func wiringOfFunctions(t *testing.T) map[string]opened {
	t.Helper()
	files := parseFolder(t, "../../functions")
	pools := constants(files)
	builders := map[string]string{} // builder → registered name
	opens := map[string]opened{}
	for _, file := range files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			if f.Name.Name == "all" {
				builders = registered(f)
			}
			opens[f.Name.Name] = openings(f, pools)
		}
	}
	wiring := map[string]opened{}
	for builder, name := range builders {
		wiring[name] = opens[builder]
	}
	if len(wiring) == 0 {
		t.Fatal("functions/functions.go registers nothing")
	}
	return wiring
}

// registered reads the map that all returns.
func registered(all *ast.FuncDecl) map[string]string {
	builders := map[string]string{}
	ast.Inspect(all, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if name, ok := pair.Key.(*ast.BasicLit); ok {
				builders[nameOf(pair.Value)] = strings.Trim(name.Value, `"`)
			}
		}
		return true
	})
	return builders
}

// openings reads the calls on an *opening.
func openings(f *ast.FuncDecl, pools map[string]int) opened {
	var o opened
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || nameOf(selector.X) != "o" {
			return true
		}
		switch selector.Sel.Name {
		case "users", "missions":
			o.Databases, o.Pool = append(o.Databases, selector.Sel.Name), pools[nameOf(call.Args[1])]
		case "board":
			o.Firestore = "board"
		case "betLog":
			o.Firestore = "log"
		case "deadLetters":
			o.Firestore = "letters"
		case "bus":
			o.Publishes = true
		}
		return true
	})
	slices.Sort(o.Databases)
	return o
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
