package deploy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permissions is what predefined roles allow, as Google published it on a date,
// and what a resource or a command of the release asks for.
type permissions struct {
	Source, Date string
	Roles        map[string][]string
	Resources    map[string][]string
	Commands     map[string][]string
}

func readPermissions(t *testing.T) (p permissions) {
	t.Helper()
	text, err := os.ReadFile("testdata/permissions.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Source == "" || p.Date == "" {
		t.Fatalf("the table of permissions has no source, no date or cannot be read: %v", err)
	}
	return p
}

// The release's account has what it is granted on the project and on single
// resources in terraform/modules/build.
func TestTheReleaseMayMakeEveryResource(t *testing.T) {
	t.Parallel()
	table, allowed, found := readPermissions(t), allowedToRelease(t), 0
	for _, r := range terraformResources(t) {
		if r.folder == "bootstrap" || r.folder == "modules/build" { // made by a person
			continue
		}
		needed, known := table.Resources[r.kind]
		if !known {
			t.Errorf("%s is not in the table: which permissions does it take?", r.kind)
		}
		found++
		for _, permission := range needed {
			if !allowed[permission] {
				t.Errorf("%s.%s takes %s, which no role of the release has", r.kind, r.name, permission)
			}
		}
	}
	if found < 40 {
		t.Errorf("found %d resources, want more", found)
	}
}

func TestTheReleaseMayRunEveryCommand(t *testing.T) {
	t.Parallel()
	table, allowed, found := readPermissions(t), allowedToRelease(t), 0
	command := regexp.MustCompile(`gcloud(?: [a-z][a-z-]+)+`)
	for _, step := range parseBuild(t).Steps {
		for line := range strings.Lines(step.Script) {
			for _, text := range command.FindAllString(line, -1) {
				name := longest(text, table.Commands)
				if name == "" {
					t.Errorf("step %s: %q is not in the table: which permissions does it take?", step.Id, text)
					continue
				}
				found++
				for _, permission := range table.Commands[name] {
					if !allowed[permission] {
						t.Errorf("step %s: %q takes %s, which no role of the release has", step.Id, name, permission)
					}
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d commands, want more", found)
	}
}

// longest is the command of the table that a text begins with.
func longest(text string, table map[string][]string) (name string) {
	for candidate := range table {
		if strings.HasPrefix(text+" ", candidate+" ") && len(candidate) > len(name) {
			name = candidate
		}
	}
	return name
}

// allowedToRelease is the sum of what the roles of the release allow.
func allowedToRelease(t *testing.T) map[string]bool {
	t.Helper()
	table, allowed := readPermissions(t), map[string]bool{}
	allow := func(role string) {
		permissions, known := table.Roles[role]
		if !known {
			t.Errorf("%s is not in the table: what does it allow?", role)
		}
		for _, permission := range permissions {
			allowed[permission] = true
		}
	}
	roles := local(t, "modules/build/grants.tf", "deploy_roles", nil)
	for _, role := range roles.AsValueSlice() {
		allow(role.AsString())
	}
	for _, r := range terraformResources(t) {
		if r.folder != "modules/build" {
			continue
		}
		if role := literal(r.body, "role"); role != "" && strings.Contains(r.text, "local.deploy") {
			allow(role)
		}
		if r.kind != "google_project_iam_custom_role" {
			continue
		}
		for _, permission := range value(t, r.body.Attributes["permissions"].Expr, nil).AsValueSlice() {
			allowed[permission.AsString()] = true
		}
	}
	return allowed
}

// The table would hide a mistake in a name.
func TestNoRoleOfTheReleaseIsUseless(t *testing.T) {
	t.Parallel()
	idle := []string{"roles/logging.logWriter", "roles/serviceusage.serviceUsageConsumer", "roles/artifactregistry.writer", "roles/iam.serviceAccountUser"}
	for role, allows := range readPermissions(t).Roles {
		if len(allows) == 0 && !slices.Contains(idle, role) {
			t.Errorf("%s allows nothing that the release needs", role)
		}
	}
}
