package layout_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"example.com/missionpot/internal/event"
)

const terraform = "../../terraform"

// step is a row of the pipeline's table in terraform/pipeline.tf. Times are in
// seconds.
type step struct {
	Function      string                  `json:"function"`
	Databases     []string                `json:"databases"`
	Firestore     string                  `json:"firestore"`
	Publishes     []string                `json:"publishes"`
	Concurrency   int                     `json:"concurrency"`
	MaxInstances  int                     `json:"max_instances"`
	Pool          int                     `json:"pool"`
	CPU           string                  `json:"cpu"`
	Memory        string                  `json:"memory"`
	Timeout       int                     `json:"timeout"`
	Subscriptions map[string]subscription `json:"subscriptions"`
}

type subscription struct {
	Handler     int `json:"handler"`
	AckDeadline int `json:"ack_deadline"`
	Attempts    int `json:"attempts"`
	MinBackoff  int `json:"min_backoff"`
	MaxBackoff  int `json:"max_backoff"`
	Retention   int `json:"retention"`
}

// The local stand makes its subscriptions from the registry, the cloud from the table. They must be
// equal, so that what is tested is what is deployed.
func TestTheTableOfTerraformIsTheRegistryOfTheCode(t *testing.T) {
	t.Parallel()
	table := pipelineTable(t)
	ofTable, ofCode := map[string]event.Subscription{}, map[string]event.Subscription{}
	for name, s := range table {
		for topic, sub := range s.Subscriptions {
			ofTable[name+"-"+topic] = event.Subscription{
				Name: name + "-" + topic, Step: name, Function: s.Function, Topic: event.Topic(topic), DeadLetter: event.Topic(name + "-dead"),
				Attempts: sub.Attempts, MinBackoff: seconds(sub.MinBackoff), MaxBackoff: seconds(sub.MaxBackoff),
				Retention: seconds(sub.Retention), AckDeadline: seconds(sub.AckDeadline), Handler: seconds(sub.Handler),
			}
		}
	}
	concurrency := map[string]int{}
	for _, s := range event.Pipeline() {
		concurrency[s.Step] = max(concurrency[s.Step], s.Concurrency)
		s.Concurrency = 0 // Cloud Run's is of the function; compared below
		ofCode[s.Name] = s
	}
	if diff := cmp.Diff(ofCode, ofTable); diff != "" {
		t.Errorf("subscriptions (-internal/event/pipeline.go +terraform/pipeline.tf):\n%s", diff)
	}
	for name, want := range concurrency {
		if table[name].Concurrency != want {
			t.Errorf("%s takes %d at once in the table, want %d", name, table[name].Concurrency, want)
		}
	}
}

func TestEveryStepOfTheTableHasItsDeadLettersKept(t *testing.T) {
	t.Parallel()
	table := pipelineTable(t)
	kept := table["keepdeadletter"].Function
	var failing, want []string
	for name, s := range table {
		if len(s.Subscriptions) > 0 {
			failing = append(failing, name)
		}
	}
	for _, d := range event.DeadLetters() {
		want = append(want, d.Step)
		if d.Function != kept || d.Name != d.Step+"-dead-keep" || d.Topic != event.Topic(d.Step+"-dead") {
			t.Errorf("%s of %s goes to %s, want %s-dead-keep of %s-dead to %s, as in terraform/pipeline.tf", d.Name, d.Topic, d.Function, d.Step, d.Step, kept)
		}
	}
	slices.Sort(failing)
	slices.Sort(want)
	if diff := cmp.Diff(want, failing); diff != "" {
		t.Errorf("steps with dead letters (-code +table):\n%s", diff)
	}
}

// A reviewer would not notice a grant that is in no list.
func TestEveryGrantOfTerraformIsInItsList(t *testing.T) {
	t.Parallel()
	grant := regexp.MustCompile(`(?m)^resource "(google_\w+_iam_(?:member|binding|policy))" "(\w+)"`)
	found := 0
	for folder, text := range terraformFolders(t) {
		listed := text["outputs.tf"]
		if _, lists, ok := strings.Cut(listed, "grants"); ok {
			listed = lists
		}
		for name, source := range text {
			for _, m := range grant.FindAllStringSubmatch(source, -1) {
				found++
				if reference := m[1] + "." + m[2]; !regexp.MustCompile(regexp.QuoteMeta(reference) + `\b`).MatchString(listed) {
					t.Errorf("%s is made in %s/%s, but not listed under grants in %s/outputs.tf", reference, folder, name, folder)
				}
			}
		}
	}
	if found < 15 {
		t.Errorf("found %d grants, want more: is the pattern still right?", found)
	}
}

// Rule 18: no field has a single-field index if its values rise with the load. Dead letters are
// exempt, because they are few and searched by their fields.
func TestNoFieldOfABetOrOfTheBoardIsIndexedAlone(t *testing.T) {
	t.Parallel()
	want := map[string]map[string][]string{
		"log": {"bets": fieldsOf(t, "../betlog/entry.go", "record")},
		"board": {
			"boards": fieldsOf(t, "../board/document.go", "boardDocument"),
			"events": fieldsOf(t, "../board/document.go", "eventDocument"),
		},
	}
	var got map[string]map[string][]string
	decode(t, local(t, filepath.Join(terraform, "main.tf"), "unindexed"), &got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields without an index of their own (-code +terraform/main.tf):\n%s", diff)
	}
}

// fieldsOf returns the document fields of a struct in a file, in order of their names.
func fieldsOf(t *testing.T, file, name string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`(?s)type ` + name + ` struct \{(.*?)\n\}`).FindSubmatch(text)
	if body == nil {
		t.Fatalf("%s has no struct %s", file, name)
	}
	var fields []string
	for _, m := range regexp.MustCompile("`firestore:\"(\\w+)").FindAllSubmatch(body[1], -1) {
		fields = append(fields, string(m[1]))
	}
	slices.Sort(fields)
	return fields
}

// decode reads a constant into a Go value that must have all of its fields.
func decode(t *testing.T, value cty.Value, into any) {
	t.Helper()
	text, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// pipelineTable reads local.pipeline, which holds constants only.
func pipelineTable(t *testing.T) map[string]step {
	t.Helper()
	var table map[string]step
	decode(t, local(t, filepath.Join(terraform, "pipeline.tf"), "pipeline"), &table)
	if len(table) == 0 {
		t.Fatal("the table is empty")
	}
	return table
}

// local evaluates a local value of a file, which must need no other.
func local(t *testing.T, file, name string) cty.Value {
	t.Helper()
	parsed, diagnostics := hclparse.NewParser().ParseHCLFile(file)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	content, _, diagnostics := parsed.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "locals"}}})
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	for _, block := range content.Blocks {
		attributes, diagnostics := block.Body.JustAttributes()
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		if attribute, ok := attributes[name]; ok {
			value, diagnostics := attribute.Expr.Value(nil)
			if diagnostics.HasErrors() {
				t.Fatal(diagnostics)
			}
			return value
		}
	}
	t.Fatalf("%s has no local %q", file, name)
	return cty.NilVal
}

// terraformFolders reads the configuration, by folder and file. Tests are left
// out.
func terraformFolders(t *testing.T) map[string]map[string]string {
	t.Helper()
	folders := map[string]map[string]string{}
	files, err := filepath.Glob(filepath.Join(terraform, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"bootstrap/*.tf", "modules/*/*.tf"} {
		more, err := filepath.Glob(filepath.Join(terraform, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := filepath.Rel(terraform, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if folders[folder] == nil {
			folders[folder] = map[string]string{}
		}
		folders[folder][filepath.Base(file)] = string(text)
	}
	if len(folders) < 5 {
		t.Fatal(fmt.Errorf("found only %v under %s", slices.Collect(maps.Keys(folders)), terraform))
	}
	return folders
}
