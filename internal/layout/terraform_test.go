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
}

// The local stand makes its subscriptions from the registry, the cloud from the
// table: what is tested must be what is deployed.
func TestTheTableOfTerraformIsTheRegistryOfTheCode(t *testing.T) {
	t.Parallel()
	table := pipelineTable(t)
	ofTable, ofCode := map[string]event.Subscription{}, map[string]event.Subscription{}
	for name, s := range table {
		for topic, sub := range s.Subscriptions {
			ofTable[name+"-"+topic] = event.Subscription{
				Name: name + "-" + topic, Step: name, Function: s.Function, Topic: event.Topic(topic), DeadLetter: event.Topic(name + "-dead"),
				Attempts: sub.Attempts, MinBackoff: seconds(sub.MinBackoff), MaxBackoff: seconds(sub.MaxBackoff),
				AckDeadline: seconds(sub.AckDeadline), Handler: seconds(sub.Handler),
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

// A grant that is in no list is one that no reviewer sees.
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

// Rule 18: no field of a bet has an index of its own.
func TestNoFieldOfABetIsIndexedAlone(t *testing.T) {
	t.Parallel()
	entry, err := os.ReadFile("../betlog/entry.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile("`firestore:\"(\\w+)").FindAllSubmatch(entry, -1) {
		want = append(want, string(m[1]))
	}
	slices.Sort(want)
	main := terraformFolders(t)["."]["main.tf"]
	list := regexp.MustCompile(`(?s)unindexed = .*?bets = \[(.*?)\]`).FindStringSubmatch(main)
	if list == nil {
		t.Fatal("terraform/main.tf exempts no field of bets")
	}
	got := regexp.MustCompile(`\w+`).FindAllString(list[1], -1)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("fields (-internal/betlog/entry.go +terraform/main.tf):\n%s", diff)
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// pipelineTable reads local.pipeline, which holds constants only.
func pipelineTable(t *testing.T) map[string]step {
	t.Helper()
	value := local(t, filepath.Join(terraform, "pipeline.tf"), "pipeline")
	text, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var table map[string]step
	if err := decoder.Decode(&table); err != nil {
		t.Fatalf("read the table: %v", err)
	}
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
