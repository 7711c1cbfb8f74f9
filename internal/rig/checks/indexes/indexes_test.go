package indexes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/core/ledger"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/store/betlog"
	"example.com/missionpot/internal/store/deadletter"
	"example.com/missionpot/internal/store/liveboard"
)

// queries runs every query of the code on a project of its own, by the key in terraform/main.tf of
// the Firestore database it uses. A query by document ids needs no index.
var queries = map[string]func(t *testing.T, project string){
	"log": func(t *testing.T, project string) {
		log, err := betlog.Open(t.Context(), project, "(default)")
		must(t, err)
		t.Cleanup(func() { _ = log.Close() })
		_, err = log.Since(t.Context(), 1, ledger.Mark{}, time.Now(), 10)
		must(t, err)
		_, _ = log.ByBetID(t.Context(), uuid.New(), uuid.New())
	},
	"board": func(t *testing.T, project string) {
		b, err := liveboard.Open(t.Context(), project, "(default)")
		must(t, err)
		t.Cleanup(func() { _ = b.Close() })
		_, err = b.WatchStreamer(t.Context(), uuid.New())
		must(t, err)
		_, err = b.Events(t.Context(), uuid.New(), 0, 10)
		must(t, err)
		_, err = b.Boards(t.Context(), uuid.Nil, 10)
		must(t, err)
	},
	"dead_letters": func(t *testing.T, project string) {
		letters, err := deadletter.Open(t.Context(), project, "(default)")
		must(t, err)
		t.Cleanup(func() { _ = letters.Close() })
		for _, filter := range []event.DeadLetterFilter{{Limit: 3}, {Limit: 3, Sent: true}, {Limit: 3, Step: "holdbets"}} {
			_, err = letters.List(t.Context(), filter)
			must(t, err)
		}
	},
}

// merged are indexes that Firestore merges from its single-field ones, because all comparisons are
// equalities.
var merged = []string{"dead_letters COLLECTION redrives ASCENDING, step ASCENDING"}

// The emulator answers every query, with or without an index; Firestore itself refuses a query
// without one.
func TestEveryQueryOfTheCodeHasItsIndexInTerraform(t *testing.T) {
	t.Parallel()
	declared, unindexed := declaredIndexes(t)
	for database, run := range queries {
		project := standtest.Firestore(t)
		run(t, project)
		composite, single := usedIndexes(t, project)
		composite = slices.DeleteFunc(composite, func(index string) bool { return slices.Contains(merged, index) })
		if diff := cmp.Diff(composite, declared[database], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("composite indexes of %s (-used by the code +terraform/main.tf):\n%s", database, diff)
		}
		for _, field := range single {
			if slices.Contains(unindexed[database], field) {
				t.Errorf("a query of %s needs the index on %s, which terraform/main.tf switches off", database, field)
			}
		}
	}
}

// The test above would miss a query that it does not run.
func TestTheTestOfIndexesRunsEveryQuery(t *testing.T) {
	t.Parallel()
	want := map[string]int{ // lines that filter or sort
		"internal/store/betlog/read.go": 2, "internal/store/liveboard/all.go": 1, "internal/store/liveboard/log.go": 1, "internal/store/liveboard/watch.go": 2,
		"internal/store/deadletter/store.go": 3,
	}
	got := map[string]int{}
	filter := regexp.MustCompile(`\b(Where|WhereEntity|OrderBy|OrderByPath|WherePath)\(`)
	for _, folder := range []string{"internal", "functions", "run"} {
		must(t, fs.WalkDir(os.DirFS("../../../.."), folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(filepath.Join("../../../..", file))
			if !strings.Contains(string(text), `"cloud.google.com/go/firestore"`) {
				return err
			}
			for line := range strings.Lines(string(text)) {
				if filter.MatchString(line) {
					got[file]++
				}
			}
			return err
		}))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run each new query above, then count its lines here (-want +got):\n%s", diff)
	}
}

type indexField struct {
	Path  string `json:"path"`
	Order string `json:"order"`
}

// declaredIndexes returns the composite indexes and the fields without an index
// of their own ("collection.field"), by database.
func declaredIndexes(t *testing.T) (composite, unindexed map[string][]string) {
	t.Helper()
	var indexes map[string]map[string]struct {
		Collection string       `json:"collection"`
		Scope      string       `json:"scope"`
		Fields     []indexField `json:"fields"`
	}
	var off map[string]map[string][]string
	local(t, "indexes", &indexes)
	local(t, "unindexed", &off)
	composite, unindexed = map[string][]string{}, map[string][]string{}
	for database, named := range indexes {
		for _, i := range named {
			composite[database] = append(composite[database], indexText(i.Collection, i.Scope, i.Fields))
		}
		slices.Sort(composite[database])
	}
	for database, collections := range off {
		for collection, fields := range collections {
			for _, field := range fields {
				unindexed[database] = append(unindexed[database], collection+"."+field)
			}
		}
	}
	return composite, unindexed
}

// local reads a constant of terraform/main.tf.
func local(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../../../terraform/main.tf")
	must(t, err)
	file, diagnostics := hclsyntax.ParseConfig(text, "main.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		attribute, ok := block.Body.Attributes[name]
		if block.Type != "locals" || !ok {
			continue
		}
		value, diagnostics := attribute.Expr.Value(nil)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		asJSON, err := ctyjson.Marshal(value, value.Type())
		must(t, err)
		must(t, json.Unmarshal(asJSON, into))
		return
	}
	t.Fatalf("terraform/main.tf has no local %s", name)
}

func indexText(collection, scope string, fields []indexField) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Path + " " + f.Order
	}
	return collection + " " + scope + " " + strings.Join(parts, ", ")
}

// usedIndexes asks the emulator which indexes the queries of a project would have used: composite
// ones, and fields with single-field ones.
func usedIndexes(t *testing.T, project string) (composite, single []string) {
	t.Helper()
	var answer struct {
		Reports []struct {
			Index struct {
				Name       string `json:"name"`
				QueryScope string `json:"queryScope"`
				Fields     []struct {
					FieldPath string `json:"fieldPath"`
					Order     string `json:"order"`
				} `json:"fields"`
			} `json:"index"`
		} `json:"reports"`
	}
	askEmulator(t, fmt.Sprintf("/emulator/v1/projects/%[1]s:indexUsage?database=projects/%[1]s/databases/(default)", project), &answer)
	for _, report := range answer.Reports {
		_, name, _ := strings.Cut(report.Index.Name, "/collectionGroups/")
		collection, _, _ := strings.Cut(name, "/")
		var fields []indexField
		for _, f := range report.Index.Fields {
			if f.FieldPath != "__name__" { // every index ends with it
				fields = append(fields, indexField{f.FieldPath, f.Order})
			}
		}
		switch {
		case len(fields) > 1:
			composite = append(composite, indexText(collection, report.Index.QueryScope, fields))
		case len(fields) == 1:
			single = append(single, collection+"."+fields[0].Path)
		}
	}
	slices.Sort(composite)
	return composite, single
}

func askEmulator(t *testing.T, what string, into any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+os.Getenv("FIRESTORE_EMULATOR_HOST")+what, nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the emulator answers %s", response.Status)
	}
	must(t, json.NewDecoder(response.Body).Decode(into))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
