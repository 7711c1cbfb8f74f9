package architecture_test

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

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

const terraform = "../../../../terraform"

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
		"log": {"bets": fieldsOf(t, "../../../store/betlog/entry.go", "record")},
		"board": {
			"boards": fieldsOf(t, "../../../store/liveboard/document.go", "boardDocument"),
			"events": fieldsOf(t, "../../../store/liveboard/document.go", "eventDocument"),
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
