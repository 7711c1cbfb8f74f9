package release_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/cloudbuild/apiv1/v2/cloudbuildpb"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"
)

const root = "../../../../"

// builtIn are the substitutions that Cloud Build gives every build.
var builtIn = []string{"PROJECT_ID", "PROJECT_NUMBER", "BUILD_ID"}

// The two halves of a release. A rehearsal runs them one after the other.
const (
	buildFile   = "cloudbuild.yaml"
	releaseFile = "cloudbuild.release.yaml"
)

var buildFiles = []string{buildFile, releaseFile}

// parseBuild reads a file as Cloud Build does, but refuses fields it does not
// know and keys that occur twice.
func parseBuild(t *testing.T, file string) *cloudbuildpb.Build {
	t.Helper()
	text, err := os.ReadFile(root + file)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var build cloudbuildpb.Build
	if err := protojson.Unmarshal(asJSON, &build); err != nil {
		t.Fatalf("%s is no build: %v", file, err)
	}
	return &build
}

// allSteps are the steps of both halves.
func allSteps(t *testing.T) (steps []*cloudbuildpb.BuildStep) {
	t.Helper()
	for _, file := range buildFiles {
		steps = append(steps, parseBuild(t, file).Steps...)
	}
	return steps
}

func TestEveryStepHasItsOwnNameAndWaitsForStepsBeforeIt(t *testing.T) {
	t.Parallel()
	for _, file := range buildFiles {
		seen := map[string]bool{"-": true}
		for i, step := range parseBuild(t, file).Steps {
			if step.Id == "" || seen[step.Id] {
				t.Errorf("%s: step %d has the id %q, want one of its own", file, i, step.Id)
			}
			if len(step.WaitFor) == 0 {
				t.Errorf("%s: step %s does not say what it waits for", file, step.Id)
			}
			for _, before := range step.WaitFor {
				if !seen[before] {
					t.Errorf("%s: step %s waits for %q, which is no step before it", file, step.Id, before)
				}
			}
			seen[step.Id] = true
		}
	}
}

// What must not happen before something else has. A step that waits for the wrong one
// would still run.
func TestNothingIsReleasedBeforeItWasTested(t *testing.T) {
	t.Parallel()
	order := map[string][]string{}
	for _, step := range allSteps(t) {
		for _, before := range step.WaitFor {
			order[step.Id] = append(append(order[step.Id], before), order[before]...)
		}
	}
	for _, want := range []struct{ step, after string }{
		{"images", "test"}, {"source", "test"}, {"upload", "images"}, {"upload", "source"},
		{"plan", "artefacts"}, {"apply", "plan"}, {"migrate", "apply"},
		{"candidate", "migrate"}, {"smoke", "candidate"}, {"tenth", "smoke"}, {"all", "tenth"},
	} {
		if !slices.Contains(order[want.step], want.after) {
			t.Errorf("%s does not wait for %s, only for %v", want.step, want.after, order[want.step])
		}
	}
}

var digest = regexp.MustCompile(`^[^@]+:[^@]+@sha256:[0-9a-f]{64}$`)

func TestImagesArePinnedByTagAndDigest(t *testing.T) {
	t.Parallel()
	pinned := map[string]string{}
	check := func(where, image string) {
		if !digest.MatchString(image) {
			t.Errorf("%s uses %s, want NAME:TAG@sha256:…", where, image)
		}
		name, _, _ := strings.Cut(image, ":")
		if other := pinned[name]; other != "" && other != image {
			t.Errorf("%s uses %s, another step %s", where, image, other)
		}
		pinned[name] = image
	}
	for _, step := range allSteps(t) {
		check("step "+step.Id, step.Name)
	}
	text, err := os.ReadFile(root + ".ko.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ko struct {
		DefaultBaseImage string `json:"defaultBaseImage"`
	}
	if err := yaml.Unmarshal(text, &ko); err != nil {
		t.Fatal(err)
	}
	check(".ko.yaml", ko.DefaultBaseImage)
	if !strings.Contains(ko.DefaultBaseImage, ":nonroot@") {
		t.Errorf("the base is %s, want one that does not run as root", ko.DefaultBaseImage)
	}
}

var variable = regexp.MustCompile(`\$\{?(_?[A-Z][A-Z0-9_]*)`)

func TestSubstitutionsAreDefinedAndUsed(t *testing.T) {
	t.Parallel()
	for _, file := range buildFiles {
		build := parseBuild(t, file)
		used := map[string]bool{}
		text := build.ServiceAccount + strings.Join(build.Options.Env, " ")
		for _, step := range build.Steps {
			text += " " + strings.Join(slices.Concat(step.Args, step.Env, []string{step.Script}), " ")
		}
		for _, match := range variable.FindAllStringSubmatch(text, -1) {
			used[match[1]] = true
		}
		for name := range used {
			_, defined := build.Substitutions[name]
			if !defined && name != "PATH" && !slices.Contains(builtIn, name) {
				t.Errorf("%s: $%s is used and defined nowhere", file, name)
			}
		}
		for name := range build.Substitutions {
			if !used[name] {
				t.Errorf("%s: %s is defined and used nowhere", file, name)
			}
		}
	}
}

func TestScriptsAreShell(t *testing.T) {
	t.Parallel()
	for _, step := range allSteps(t) {
		shell, body, _ := strings.Cut(step.Script, "\n")
		// Debian's sh knows no more than the small one of the Terraform image.
		interpreter := map[string]string{"#!/bin/sh": "dash", "#!/usr/bin/env bash": "bash"}[shell]
		if interpreter == "" {
			t.Errorf("step %s begins with %q, want the shell that runs it", step.Id, shell)
			continue
		}
		if !strings.HasPrefix(body, "set -eu") {
			t.Errorf("step %s goes on after a failure", step.Id)
		}
		cmd := exec.CommandContext(t.Context(), interpreter, "-n")
		cmd.Stdin = strings.NewReader(step.Script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("step %s: %v\n%s", step.Id, err, out)
		}
	}
}

// The names that the release and Terraform's bootstrap must agree on.
func TestTheReleaseUsesWhatTheBootstrapMakes(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const module = "terraform/modules/build/main.tf"
	for _, name := range []struct{ file, release, made, terraform string }{
		{buildFile, "serviceAccounts/builder@$PROJECT_ID.iam", module, `account_id   = "builder"`},
		{buildFile, "gs://$PROJECT_ID-artefacts", module, `"${var.project}-artefacts"`},
		{buildFile, "docker.pkg.dev/$PROJECT_ID/missionpot", module, `repository_id = "missionpot"`},
		{releaseFile, "serviceAccounts/deploy@$PROJECT_ID.iam", module, `account_id   = "deploy"`},
		{releaseFile, "gs://$PROJECT_ID-artefacts", module, `"${var.project}-artefacts"`},
		{releaseFile, "bucket=$PROJECT_ID-terraform", "terraform/bootstrap/main.tf", `"${var.project}-terraform"`},
		{releaseFile, "jobs execute migrate", "terraform/migrate.tf", `name         = "migrate"`},
		{releaseFile, "jobs execute smoke", "terraform/smoke.tf", `name         = "smoke"`},
		{releaseFile, "--update-tags=\"candidate=", "terraform/modules/api/balancer.tf", `"candidate" ? "candidate" : null`},
	} {
		if !strings.Contains(read(name.file), name.release) {
			t.Errorf("%s does not say %s", name.file, name.release)
		}
		if !strings.Contains(read(name.made), name.terraform) {
			t.Errorf("%s does not say %s", name.made, name.terraform)
		}
	}
}
