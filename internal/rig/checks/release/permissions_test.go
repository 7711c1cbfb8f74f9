package release_test

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
	table, allowed, found := readPermissions(t), allowedTo(t, "deploy"), 0
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
	mayRun(t, releaseFile, allowedTo(t, "deploy"), 5)
}

func TestTheBuildMayRunEveryCommand(t *testing.T) {
	t.Parallel()
	mayRun(t, buildFile, allowedTo(t, "build"), 2)
}

var command = regexp.MustCompile(`gcloud(?: (?:--)?[a-z][a-z-]+)+`)

// mayRun compares the commands of a build with what its account may do.
func mayRun(t *testing.T, file string, allowed map[string]bool, least int) {
	t.Helper()
	table, found := readPermissions(t), 0
	for _, step := range parseBuild(t, file).Steps {
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
						t.Errorf("step %s: %q takes %s, which no role of the account has", step.Id, name, permission)
					}
				}
			}
		}
	}
	if found < least {
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

// allowedTo is the sum of what the roles of an account allow: "build" or "deploy".
func allowedTo(t *testing.T, account string) map[string]bool {
	t.Helper()
	table, allowed := readPermissions(t), map[string]bool{}
	for _, role := range rolesOf(t, account) {
		permissions, known := table.Roles[role]
		if !known {
			t.Errorf("%s is not in the table: what does it allow?", role)
		}
		for _, permission := range permissions {
			allowed[permission] = true
		}
	}
	for _, r := range terraformResources(t) {
		if account != "deploy" || r.folder != "modules/build" || r.kind != "google_project_iam_custom_role" {
			continue
		}
		for _, permission := range value(t, r.body.Attributes["permissions"].Expr, nil).AsValueSlice() {
			allowed[permission.AsString()] = true
		}
	}
	return allowed
}

// rolesOf are the predefined roles that modules/build grants to one of its accounts.
func rolesOf(t *testing.T, account string) (roles []string) {
	t.Helper()
	if account == "deploy" {
		for _, role := range local(t, "modules/build/grants.tf", "deploy_roles", nil).AsValueSlice() {
			roles = append(roles, role.AsString())
		}
	}
	member := regexp.MustCompile(`local\.` + account + `\b`)
	named := regexp.MustCompile(`role\s+= "(roles/[^"]+)"`)
	for _, r := range terraformResources(t) {
		if r.folder == "modules/build" && member.MatchString(r.text) {
			for _, m := range named.FindAllStringSubmatch(r.text, -1) {
				roles = append(roles, m[1])
			}
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// The table would hide a mistake in a name.
func TestNoRoleOfTheReleaseIsUseless(t *testing.T) {
	t.Parallel()
	idle := []string{"roles/logging.logWriter", "roles/serviceusage.serviceUsageConsumer", "roles/iam.serviceAccountUser"}
	for role, allows := range readPermissions(t).Roles {
		if len(allows) == 0 && !slices.Contains(idle, role) {
			t.Errorf("%s allows nothing that the release needs", role)
		}
	}
}
