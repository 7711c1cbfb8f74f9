package release_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// What keeps a resource from being deleted, or its deletion from being done. Some kinds are
// protected unless they say otherwise.
var (
	protections  = []string{"deletion_protection", "deletion_protection_enabled", "delete_protection_state", "deletion_policy", "retain_backups_on_delete"}
	unlessItSays = map[string][]string{
		"google_cloud_run_v2_job":      {"deletion_protection"},
		"google_cloud_run_v2_service":  {"deletion_protection"},
		"google_firestore_database":    {"deletion_policy", "delete_protection_state"},
		"google_sql_database_instance": {"deletion_protection"},
	}
	goesWithItsOwner = []string{"google_service_networking_connection", "google_sql_database", "google_sql_user"}
)

// protectionsOf returns what a resource says of its deletion when var.protected is as given.
func protectionsOf(t *testing.T, r resource, protected bool) map[string]string {
	t.Helper()
	scope := map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"protected": cty.BoolVal(protected)})}
	said := map[string]string{}
	bodies := []*hclsyntax.Body{r.body}
	for _, block := range r.body.Blocks {
		bodies = append(bodies, block.Body)
	}
	for _, body := range bodies {
		for name, attribute := range body.Attributes {
			if slices.Contains(protections, name) {
				said[name] = text(value(t, attribute.Expr, scope))
			}
		}
	}
	return said
}

func text(v cty.Value) string {
	if v.Type() == cty.Bool {
		return map[bool]string{true: "true", false: "false"}[v.True()]
	}
	return v.AsString()
}

func TestAnEnvironmentThatIsNotProtectedCanBeDestroyed(t *testing.T) {
	t.Parallel()
	found := 0
	for _, r := range terraformResources(t) {
		if r.folder == "bootstrap" || r.folder == "modules/build" { // stays
			continue
		}
		if strings.Contains(r.text, "prevent_destroy") {
			t.Errorf("%s.%s can never be destroyed", r.kind, r.name)
		}
		said := protectionsOf(t, r, false)
		for _, name := range unlessItSays[r.kind] {
			if said[name] == "" {
				t.Errorf("%s.%s does not say %s, and is protected then", r.kind, r.name, name)
			}
		}
		for name, says := range said {
			found++
			abandoned := says == "ABANDON" && slices.Contains(goesWithItsOwner, r.kind)
			if !abandoned && !slices.Contains([]string{"false", "DELETE", "DELETE_PROTECTION_DISABLED"}, says) {
				t.Errorf("%s.%s: %s is %s without protection", r.kind, r.name, name, says)
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d settings, want more", found)
	}
}

func TestWhatIsProtectedRefusesToBeDeleted(t *testing.T) {
	t.Parallel()
	for _, r := range terraformResources(t) {
		if r.kind == "google_cloud_run_v2_job" { // it holds nothing
			continue
		}
		said := protectionsOf(t, r, true)
		for _, name := range unlessItSays[r.kind] {
			if !slices.Contains([]string{"true", "ABANDON", "DELETE_PROTECTION_ENABLED"}, said[name]) {
				t.Errorf("%s.%s: %s is %q with protection", r.kind, r.name, name, said[name])
			}
		}
	}
	for file, want := range map[string]string{"dev": "protected            = false", "prod": "protected            = true"} {
		settings, err := os.ReadFile(root + "terraform/envs/" + file + ".tfvars")
		if err != nil || !strings.Contains(string(settings), want) {
			t.Errorf("%s.tfvars does not say %q: %v", file, want, err)
		}
	}
}

// What the bootstrap made stays, and whoever destroys an environment must know of it.
func TestWhatIsLeftBehindIsNamed(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range terraformResources(t) {
		if r.folder != "bootstrap" && r.folder != "modules/build" {
			continue
		}
		scopes := []map[string]cty.Value{{"var": cty.ObjectVal(map[string]cty.Value{"project": cty.StringVal("PROJECT")})}}
		if r.kind == "google_secret_manager_secret" {
			scopes = scopesOf(t)["bootstrap"]
		}
		rule, named := namingOf(r.kind)
		if !named || r.kind == "google_project_iam_custom_role" || r.kind == "google_pubsub_subscription" {
			continue // they are named together
		}
		names = append(names, evaluations(t, r.body.Attributes[rule.attribute].Expr, scopes)...)
	}
	if len(names) < 9 {
		t.Fatalf("found only %v", names)
	}
	for _, file := range []string{"docs/operating/deploy.md", "run/deploy/destroy.go"} {
		said, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(names, "custom roles", "subscription", "peering", "enabled", "gcloud projects delete") {
			if !strings.Contains(string(said), name) {
				t.Errorf("%s does not say that %s is left behind", file, name)
			}
		}
	}
}
