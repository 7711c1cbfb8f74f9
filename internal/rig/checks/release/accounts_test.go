package release_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/syntax"
)

// programs are what a script calls, but for the functions that it defines itself.
func programs(t *testing.T, where, script string) (names []string) {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(script), where)
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.FuncDecl:
			own[n.Name.Value] = true
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				names = append(names, n.Args[0].Lit()) // empty where it is not a constant
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return own[name] })
}

// The account that may change grants must not run what others wrote: no toolchain, no
// dependency, no script of the tree, not even a program that the build made.
func TestTheReleaseRunsGcloudAndTerraformOnly(t *testing.T) {
	t.Parallel()
	images := []string{"gcr.io/google.com/cloudsdktool/google-cloud-cli", "hashicorp/terraform"}
	allowed := []string{"[", "cat", "cut", "echo", "exit", "gcloud", "grep", "head", "mkdir", "sed", "set", "sort", "terraform", "trap"}
	for _, step := range parseBuild(t, releaseFile).Steps {
		if name, _, _ := strings.Cut(step.Name, ":"); !slices.Contains(images, name) {
			t.Errorf("step %s runs in %s, want one of %v", step.Id, step.Name, images)
		}
		if len(step.Args) > 0 || step.Entrypoint != "" || len(step.SecretEnv) > 0 || len(step.Volumes) > 0 {
			t.Errorf("step %s has more than a script", step.Id)
		}
		for _, program := range programs(t, step.Id, step.Script) {
			if !slices.Contains(allowed, program) {
				t.Errorf("step %s calls %q, want only %v", step.Id, program, allowed)
			}
		}
	}
}

// Terraform can run programs too.
func TestNoConfigurationRunsAProgram(t *testing.T) {
	t.Parallel()
	for path, text := range terraformSources(t) {
		for _, word := range []string{"local-exec", "remote-exec", `"external"`, "provisioner", "terraform_data", "null_resource", "source  = \"git", "source = \"http"} {
			if strings.Contains(text, word) {
				t.Errorf("%s has %s: the release would run code that no reviewer of the release sees", path, word)
			}
		}
	}
}

func TestTheBuildMayWriteArtefactsAndLogsAndNothingElse(t *testing.T) {
	t.Parallel()
	want := []string{
		"roles/artifactregistry.writer", "roles/logging.logWriter",
		"roles/storage.objectCreator", "roles/storage.objectViewer",
	}
	if diff := cmp.Diff(want, rolesOf(t, "build")); diff != "" {
		t.Errorf("roles of the build (-want +got):\n%s", diff)
	}
	for _, r := range terraformResources(t) {
		if strings.Contains(r.text, "local.build") && r.kind == "google_project_iam_member" && literal(r.body, "role") != "roles/logging.logWriter" {
			t.Errorf("%s gives the build a role on the whole project", r.name)
		}
		if r.folder != "modules/build" && strings.Contains(r.text, "builder@") {
			t.Errorf("%s.%s in %s names the build's account", r.kind, r.name, r.folder)
		}
	}
}

// A build that was taken over writes what it likes. It must not be able to choose what
// the release runs, or what it hands to a shell or to Terraform.
func TestAManifestThatNamesAnythingElseIsRefused(t *testing.T) {
	t.Parallel()
	good := "commit " + commitID + "\nsource " + sourceObject + "\n"
	for _, image := range []string{"api", "migrate", "operator", "smoke"} {
		good += image + " " + repository + "/" + image + "@" + imageDigest + "\n"
	}
	other := strings.Repeat("f", 64)
	for name, manifest := range map[string]string{
		"another commit":           strings.Replace(good, commitID, strings.Repeat("a", 40), 1),
		"another project's image":  strings.Replace(good, "/pot/missionpot/api", "/evil/missionpot/api", 1),
		"another registry":         strings.Replace(good, "asia-northeast3-docker.pkg.dev/pot/missionpot/api", "evil.example/api", 1),
		"another host":             strings.Replace(good, "asia-northeast3-docker.pkg.dev", "asia-northeast3-docker-pkg.dev", 1),
		"an image by its tag":      strings.Replace(good, "/api@"+imageDigest, "/api:latest", 1),
		"another program's image":  strings.Replace(good, "/migrate@", "/api@", 1),
		"a command":                strings.Replace(good, "/api@"+imageDigest, "/api@"+imageDigest+"; curl evil.example", 1),
		"Terraform":                strings.Replace(good, "/api@"+imageDigest, "/api@"+imageDigest+`",x="`, 1),
		"a path":                   strings.Replace(good, sourceObject, "functions/../builds/evil.zip", 1),
		"two images of a name":     good + "api " + repository + "/api@sha256:" + other + "\n",
		"a last line without end":  good + "api evil.example/api@sha256:" + other,
		"a line too many":          good + "more\n",
		"an image that is missing": strings.Replace(good, "smoke "+repository+"/smoke@"+imageDigest+"\n", "", 1),
		"nothing":                  "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if failed := releaseWith(t, manifest, nil); failed != "artefacts" {
				t.Errorf("step %q fails, want artefacts", failed)
			}
		})
	}
	if failed := releaseWith(t, good, nil); failed != "" {
		t.Errorf("with a good manifest step %q fails", failed)
	}
}

func TestACommitWithoutArtefactsStopsBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]string{
		"never built":    {"_COMMIT": strings.Repeat("b", 40)},
		"no whole id":    {"_COMMIT": commitID[:12]},
		"an option":      {"_COMMIT": "../functions/x"},
		"an image gone":  {"IMAGE_GONE": "/operator@"},
		"the zip's gone": {"BUCKETS": "elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, nil)
			if failed := r.run(t, buildFile, map[string]string{}); failed != "" {
				t.Fatalf("step %s fails", failed)
			}
			if settings["BUCKETS"] != "" {
				settings = nil
				if err := os.Remove(filepath.Join(r.environment["BUCKETS"], "pot-artefacts", sourceObject)); err != nil {
					t.Fatal(err)
				}
			}
			for key, value := range settings {
				r.environment[key] = value
			}
			if failed := r.run(t, releaseFile, map[string]string{}); failed != "artefacts" {
				t.Errorf("step %q fails, want artefacts", failed)
			}
		})
	}
}

// What was released under a commit once is what is released under it again.
func TestASecondBuildOfACommitReplacesNothing(t *testing.T) {
	t.Parallel()
	r := rehearse(t, nil)
	manifest := filepath.Join("buckets/pot-artefacts/releases", commitID)
	r.write(t, manifest, "the first\n")
	if failed := r.run(t, buildFile, map[string]string{}); failed != "" {
		t.Fatalf("step %s fails", failed)
	}
	if text, err := os.ReadFile(filepath.Join(r.dir, manifest)); err != nil || string(text) != "the first\n" {
		t.Errorf("the manifest is now %q, %v", text, err)
	}
}

// releaseWith releases with a manifest, and returns the step that fails.
func releaseWith(t *testing.T, manifest string, settings map[string]string) (failed string) {
	t.Helper()
	r := rehearse(t, settings)
	r.write(t, filepath.Join("buckets/pot-artefacts/releases", commitID), manifest)
	r.write(t, filepath.Join("buckets/pot-artefacts", sourceObject), "zip")
	return r.run(t, releaseFile, map[string]string{})
}
