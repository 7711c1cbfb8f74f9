package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The programs that the scripts call, played: each writes down how it was called.
const (
	fakeProgram = `#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
`
	// In every service the revision 7 has all traffic, and an older one has a tag.
	fakeGcloud = fakeProgram + `
case "$*" in
*latestCreatedRevisionName*) echo "$4-00008" ;;
"run services describe "*) printf ',%s-00006\n100,%s-00007\n' "$4" "$4" ;;
esac
`
	fakeGo = fakeProgram + `
case "$*" in
*github.com/google/ko*)
	printf '%s/%s:b@sha256:1\n' "$KO_DOCKER_REPO" api "$KO_DOCKER_REPO" migrate "$KO_DOCKER_REPO" operator >release/images ;;
*./run/source*) echo abc ;;
esac
`
	fakeTerraform = fakeProgram + `
case "$*" in
*" plan "*) env | grep '^TF_VAR_' | sort >>"$CALLS" ;;
esac
`
	// It fails where SMOKE_FAILS is among its arguments.
	fakeSmoke = fakeProgram + `
case "$*" in *"${SMOKE_FAILS:-nowhere}"*) exit 1 ;; esac
`
)

// rehearsal runs the release's scripts one after the other, in a workspace of its own.
type rehearsal struct {
	dir         string
	environment map[string]string
}

func rehearse(t *testing.T, settings map[string]string) *rehearsal {
	t.Helper()
	r := &rehearsal{dir: t.TempDir(), environment: map[string]string{
		"PROJECT_ID": "pot", "PROJECT_NUMBER": "123", "BUILD_ID": "b",
	}}
	maps.Copy(r.environment, parseBuild(t).Substitutions)
	maps.Copy(r.environment, settings)
	for name, script := range map[string]string{
		"bin/gcloud": fakeGcloud, "bin/go": fakeGo, "bin/terraform": fakeTerraform, "release/smoke": fakeSmoke,
		"terraform/.terraform.lock.hcl": "# pinned\n",
	} {
		file := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// release runs the steps after the tests, and returns the calls of each step and the
// step that failed, if one did.
func (r *rehearsal) release(t *testing.T) (calls map[string]string, failed string) {
	t.Helper()
	calls = map[string]string{}
	for _, step := range parseBuild(t).Steps {
		if step.Id == "toolchain" || step.Id == "test" {
			continue
		}
		record := filepath.Join(r.dir, "calls-"+step.Id)
		cmd := exec.CommandContext(t.Context(), "bash", "-s")
		if strings.HasPrefix(step.Script, "#!/bin/sh\n") {
			cmd = exec.CommandContext(t.Context(), "dash", "-s")
		}
		cmd.Stdin = strings.NewReader(step.Script)
		cmd.Dir = r.dir
		cmd.Env = []string{"PATH=" + filepath.Join(r.dir, "bin") + ":/usr/bin:/bin", "CALLS=" + record}
		for name, value := range r.environment {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.CombinedOutput()
		text, readErr := os.ReadFile(record)
		if readErr != nil {
			t.Fatalf("step %s called nothing: %v\n%s", step.Id, err, out)
		}
		calls[step.Id] = string(text)
		if err != nil {
			return calls, step.Id
		}
	}
	return calls, ""
}

func TestAReleaseGoesStepByStep(t *testing.T) {
	t.Parallel()
	calls, failed := rehearse(t, nil).release(t)
	if failed != "" {
		t.Fatalf("step %s fails", failed)
	}
	const repository = "asia-northeast3-docker.pkg.dev/pot/missionpot"
	describe := func(service string) string {
		return fmt.Sprintf("gcloud run services describe %s --flatten=status.traffic[] --format=csv[no-heading](status.traffic.percent,status.traffic.revisionName)\n", service)
	}
	candidate := func(service string) string {
		return describe(service) + fmt.Sprintf("gcloud run deploy %[1]s --image="+repository+"/api:b@sha256:1 --no-traffic --update-labels=commit=unknown\n"+
			"gcloud run services describe %[1]s --format=value(status.latestCreatedRevisionName)\n"+
			"gcloud run services update-traffic %[1]s --update-tags=candidate=%[1]s-00008\n", service)
	}
	want := map[string]string{
		"images": "go run github.com/google/ko@v0.19.1 build --base-import-paths --sbom=spdx --tags=b --image-refs=release/images ./run/api ./run/migrate ./run/operator\n" +
			"go build -o release/smoke ./run/smoke\n",
		"source": "go run ./run/source -o release/source.zip\n",
		"upload": "gcloud storage cp --no-clobber release/source.zip gs://pot-source/functions/abc.zip\n",
		"plan": "terraform -chdir=terraform init -input=false -lockfile=readonly -backend-config=bucket=pot-terraform\n" +
			"terraform -chdir=terraform plan -input=false -lock-timeout=10m -var-file=envs/dev.tfvars -out=../release/plan\n" +
			"TF_VAR_alert_email=\nTF_VAR_budget=null\nTF_VAR_domain=\n" +
			`TF_VAR_images={api="` + repository + `/api:b@sha256:1",migrate="` + repository + `/migrate:b@sha256:1",operator="` + repository + `/operator:b@sha256:1"}` + "\n" +
			"TF_VAR_mail_from=Missionpot <missionpot@example.com>\n" +
			"TF_VAR_playbooks_url=\nTF_VAR_project=pot\nTF_VAR_project_number=123\nTF_VAR_region=asia-northeast3\n" +
			`TF_VAR_source_archive={bucket="pot-source",object="functions/abc.zip"}` + "\n",
		"apply":     "terraform -chdir=terraform apply -input=false -lock-timeout=10m ../release/plan\n",
		"migrate":   "gcloud run jobs execute migrate --wait\n",
		"candidate": candidate("api") + candidate("live"),
		"smoke":     "smoke -api https://candidate---api-123.asia-northeast3.run.app -live https://candidate---live-123.asia-northeast3.run.app\n",
		"tenth": "gcloud run services update-traffic api --to-tags=candidate=10\n" +
			"smoke -api https://api-123.asia-northeast3.run.app -for 5m\n",
		"all": "gcloud run services update-traffic api --to-tags=candidate=100\n" +
			"gcloud run services update-traffic live --to-tags=candidate=100\n" +
			"smoke -api https://api-123.asia-northeast3.run.app -live https://live-123.asia-northeast3.run.app\n",
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWithADomainTheSmokeTestComesThroughTheLoadBalancer(t *testing.T) {
	t.Parallel()
	calls, failed := rehearse(t, map[string]string{"_DOMAIN": "pot.example.com"}).release(t)
	if failed != "" {
		t.Fatalf("step %s fails", failed)
	}
	for step, want := range map[string]string{
		"smoke": "smoke -api https://candidate.pot.example.com\n",
		"tenth": "smoke -api https://pot.example.com -for 5m\n",
		"all":   "smoke -api https://pot.example.com -live https://pot.example.com\n",
	} {
		if !strings.HasSuffix(calls[step], want) {
			t.Errorf("step %s calls\n%swant it to end with\n%s", step, calls[step], want)
		}
	}
}

func TestAnUnpinnedProviderIsNotUsed(t *testing.T) {
	t.Parallel()
	r := rehearse(t, nil)
	if err := os.Remove(filepath.Join(r.dir, "terraform/.terraform.lock.hcl")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "dash", "-s")
	for _, step := range parseBuild(t).Steps {
		if step.Id == "plan" {
			cmd.Stdin = strings.NewReader(step.Script)
		}
	}
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + filepath.Join(r.dir, "bin") + ":/usr/bin:/bin", "CALLS=" + filepath.Join(r.dir, "calls")}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), ".terraform.lock.hcl is missing") {
		t.Errorf("the plan goes on without pinned providers: %v\n%s", err, out)
	}
	if calls, err := os.ReadFile(filepath.Join(r.dir, "calls")); err == nil && strings.Contains(string(calls), "terraform") {
		t.Errorf("terraform was called:\n%s", calls)
	}
}

func TestABrokenCandidateGetsNoTraffic(t *testing.T) {
	t.Parallel()
	calls, failed := rehearse(t, map[string]string{"SMOKE_FAILS": "candidate---api"}).release(t)
	if failed != "smoke" {
		t.Errorf("step %q fails, want smoke", failed)
	}
	for step, text := range calls {
		if strings.Contains(text, "update-traffic") && !strings.Contains(text, "--update-tags=candidate=") || strings.Contains(text, " --to-") {
			t.Errorf("step %s moves traffic:\n%s", step, text)
		}
	}
}

func TestARevisionThatBreaksUnderTrafficIsTakenBack(t *testing.T) {
	t.Parallel()
	const back = "gcloud run services update-traffic %[1]s --to-revisions=%[1]s-00007=100\n"
	for step, c := range map[string]struct {
		fails string
		want  string
	}{
		"tenth": {"-for 5m", fmt.Sprintf(back, "api")},
		"all":   {"-live https://live", fmt.Sprintf(back, "api") + fmt.Sprintf(back, "live")},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			calls, failed := rehearse(t, map[string]string{"SMOKE_FAILS": c.fails}).release(t)
			if failed != step {
				t.Errorf("step %q fails, want %s", failed, step)
			}
			if !strings.HasSuffix(calls[step], c.want) {
				t.Errorf("step %s calls\n%swant it to end with\n%s", step, calls[step], c.want)
			}
			if step == "tenth" && slices.Contains(slices.Collect(maps.Keys(calls)), "all") {
				t.Error("all traffic moves after that")
			}
		})
	}
}
