package release_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"example.com/missionpot/internal/core/event"
)

// naming is what Google accepts as the id of a resource. The provider checks few
// of these, so a plan passes and the apply fails.
type naming struct {
	attribute string
	pattern   *regexp.Regexp
	source    string // below https://cloud.google.com, read in November 2026
}

var namings = map[string]naming{
	"google_artifact_registry_repository": {"repository_id", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`), "artifact-registry/docs/repositories/create-repos"},
	"google_cloud_run_v2_job":             {"name", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$`), "run/docs/create-jobs"},
	"google_cloud_run_v2_service":         {"name", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$`), "run/docs/deploying"},
	"google_cloud_scheduler_job":          {"name", regexp.MustCompile(`^[A-Za-z0-9_-]{1,500}$`), "scheduler/docs/reference/rest/v1/projects.locations.jobs"},
	"google_cloudfunctions2_function":     {"name", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$`), "functions/docs/reference/rest/v2/projects.locations.functions"},
	"google_firestore_database":           {"name", regexp.MustCompile(`^[a-z][a-z0-9-]{2,61}[a-z0-9]$`), "firestore/docs/manage-databases"},
	"google_project_iam_custom_role":      {"role_id", regexp.MustCompile(`^[A-Za-z0-9_.]{3,64}$`), "iam/docs/creating-custom-roles"},
	"google_pubsub_subscription":          {"name", regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`), "pubsub/docs/pubsub-basics#resource_names"},
	"google_pubsub_topic":                 {"name", regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`), "pubsub/docs/pubsub-basics#resource_names"},
	"google_secret_manager_secret":        {"secret_id", regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`), "secret-manager/docs/reference/rest/v1/projects.secrets/create"},
	// Up to 30. With the longest project an account is a user of Postgres, whose names end at 63 bytes:
	// account@project.iam.
	"google_service_account":       {"account_id", regexp.MustCompile(`^[a-z][a-z0-9-]{4,26}[a-z0-9]$`), "iam/docs/service-accounts-create"},
	"google_sql_database":          {"name", regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`), "sql/docs/postgres/create-manage-databases"},
	"google_sql_database_instance": {"name", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,65}[a-z0-9])?$`), "sql/docs/postgres/instance-settings#instance-id-2ndgen"}, // 98 with the project
	"google_storage_bucket":        {"name", regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`), "storage/docs/buckets#naming"},
}

// Everything of Compute Engine follows RFC 1035: compute/docs/naming-resources.
var computeNaming = naming{"name", regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`), "compute/docs/naming-resources"}

// unnamed get their ids from Google or from another resource.
var unnamed = regexp.MustCompile(`_iam_(member|binding)$|^google_(billing_budget|firestore_backup_schedule|firestore_field|firestore_index|monitoring_\w+|` +
	`project_service|service_networking_connection|sql_user)$`)

func namingOf(kind string) (naming, bool) {
	if strings.HasPrefix(kind, "google_compute_") {
		return computeNaming, true
	}
	n, ok := namings[kind]
	return n, ok
}

func TestEveryNameIsOneThatGoogleAccepts(t *testing.T) {
	t.Parallel()
	scopes, found := scopesOf(t), 0
	for _, r := range terraformResources(t) {
		if unnamed.MatchString(r.kind) {
			continue
		}
		rule, ok := namingOf(r.kind)
		if !ok {
			t.Errorf("%s is in no table: what may its id be?", r.kind)
			continue
		}
		attribute := r.body.Attributes[rule.attribute]
		if attribute == nil {
			t.Errorf("%s.%s has no %s", r.kind, r.name, rule.attribute)
			continue
		}
		for _, name := range evaluations(t, attribute.Expr, scopes[r.folder]) {
			found++
			if !rule.pattern.MatchString(name) || strings.HasPrefix(name, "goog") {
				t.Errorf("%s.%s in %s: %q is no %s, want %s: https://cloud.google.com/%s", r.kind, r.name, r.folder, name, rule.attribute, rule.pattern, rule.source)
			}
		}
	}
	if found < 60 {
		t.Errorf("found %d names, want more", found)
	}
}

func TestEveryLabelIsOneThatGoogleAccepts(t *testing.T) {
	t.Parallel()
	label := regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`) // resource-manager/docs/labels-overview
	files, err := filepath.Glob(root + "terraform/modules/monitoring/alerts/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no alerts", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var alert struct {
			UserLabels map[string]string `json:"userLabels"`
		}
		if err := json.Unmarshal(text, &alert); err != nil {
			t.Fatal(err)
		}
		for name, value := range alert.UserLabels {
			if !label.MatchString(name) || !label.MatchString(value) {
				t.Errorf("%s: %s=%s is no label", file, name, value)
			}
		}
	}
}

// scopesOf returns, by folder, what its variables and keys can be: the longest
// and the shortest project, every step, topic, database and secret.
func scopesOf(t *testing.T) map[string][]map[string]cty.Value {
	t.Helper()
	steps, topics := keysAndTopics(t)
	key := func(name string) map[string]cty.Value {
		return map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(name), "value": cty.StringVal(name)})}
	}
	variable := func(name, value string) map[string]cty.Value {
		return map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{name: cty.StringVal(value)})}
	}
	scopes := map[string][]map[string]cty.Value{"modules/network": {{}}}
	for _, project := range []string{"abcdef", "a" + strings.Repeat("-long", 5) + "-end"} {
		scopes["modules/build"] = append(scopes["modules/build"], variable("project", project))
		for secret := range local(t, "bootstrap/secrets.tf", "secrets", nil).AsValueMap() {
			scope := variable("project", project)
			scope["each"] = key(secret)["each"]
			scopes["bootstrap"] = append(scopes["bootstrap"], scope)
		}
	}
	for _, service := range []string{"api", "live", "candidate"} {
		scope := key(service)
		scope["local"] = cty.ObjectVal(map[string]cty.Value{"hosts": cty.ListVal([]cty.Value{cty.StringVal("pot.example.com")})})
		scopes["modules/api"] = append(scopes["modules/api"], scope)
	}
	for _, step := range steps {
		for _, topic := range topics {
			scope := variable("name", step)
			scope["each"] = key(topic)["each"]
			scopes["modules/step"] = append(scopes["modules/step"], scope)
		}
	}
	for _, name := range append(steps, topics...) {
		scopes["."] = append(scopes["."], key(name))
	}
	for _, instance := range regexp.MustCompile(`instance\s+= "([^"]*)"`).FindAllStringSubmatch(settings(t), -1) {
		scopes["modules/database"] = append(scopes["modules/database"], map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
			"settings": cty.ObjectVal(map[string]cty.Value{"instance": cty.StringVal(instance[1])}),
		})})
	}
	for _, block := range parseTerraform(t, "main.tf", terraformSources(t)["main.tf"]).Blocks {
		if block.Type != "module" || block.Labels[0] != "firestore" {
			continue
		}
		for _, each := range value(t, block.Body.Attributes["for_each"].Expr, nil).AsValueMap() {
			scopes["modules/firestore"] = append(scopes["modules/firestore"], variable("name", each.AsString()))
		}
	}
	for _, module := range []string{"modules/job", "modules/account"} { // a job calls for its account
		for _, c := range terraformCalls(t) {
			if c.module == module {
				for _, name := range evaluations(t, c.body.Attributes["name"].Expr, scopes[c.folder]) {
					scopes[module] = append(scopes[module], variable("name", name))
				}
			}
		}
	}
	return scopes
}

// settings is the text of all environments.
func settings(t *testing.T) (text string) {
	t.Helper()
	files, err := filepath.Glob(root + "terraform/envs/*.tfvars")
	if err != nil || len(files) < 2 {
		t.Fatal("no environments", err)
	}
	for _, file := range files {
		more, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += string(more)
	}
	return text
}

func keysAndTopics(t *testing.T) (steps, topics []string) {
	t.Helper()
	for _, step := range event.Steps() {
		steps = append(steps, step.Name)
		for topic := range step.Subscriptions {
			topics = append(topics, string(topic))
		}
	}
	return steps, topics
}

// local evaluates a local value of a file.
func local(t *testing.T, file, name string, scope map[string]cty.Value) cty.Value {
	t.Helper()
	for _, block := range parseTerraform(t, file, terraformSources(t)[file]).Blocks {
		if attribute, ok := block.Body.Attributes[name]; ok && block.Type == "locals" {
			return value(t, attribute.Expr, scope)
		}
	}
	t.Fatalf("%s has no local %s", file, name)
	return cty.NilVal
}

// evaluations are the texts an expression has in the scopes of its folder.
func evaluations(t *testing.T, expression hclsyntax.Expression, scopes []map[string]cty.Value) (texts []string) {
	t.Helper()
	if len(scopes) == 0 {
		t.Fatalf("%s: nothing is known of this folder's variables", expression.Range())
	}
	seen := map[string]bool{}
	for _, scope := range scopes {
		if text := value(t, expression, scope).AsString(); !seen[text] {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return texts
}

func value(t *testing.T, expression hclsyntax.Expression, scope map[string]cty.Value) cty.Value {
	t.Helper()
	v, diagnostics := expression.Value(&hcl.EvalContext{Variables: scope, Functions: map[string]function.Function{
		"join": stdlib.JoinFunc, "substr": stdlib.SubstrFunc, "toset": stdlib.MakeToFunc(cty.Set(cty.String)),
		"sha256": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "text", Type: cty.String}}, Type: function.StaticReturnType(cty.String),
			Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.StringVal(strings.Repeat("0a", 32)), nil },
		}),
	}})
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	return v
}
