package release_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/cloudbuild/apiv1/v2/cloudbuildpb"
	"github.com/google/go-cmp/cmp"
)

// The programs that the scripts call, played: each writes down how it was called.
const (
	fakeProgram = `#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
`
	// In every service the revision 7 has all traffic, and an older one has a tag. What is copied to a
	// bucket is a file in $BUCKETS, and is not replaced. The job smoke fails where SMOKE_FAILS is among
	// its arguments.
	fakeGcloud = fakeProgram + `
at() { echo "$BUCKETS/${1#gs://}"; }
case "$*" in
*latestCreatedRevisionName*) echo "$4-00008" ;;
"run services describe "*) printf ',%s-00006\n100,%s-00007\n' "$4" "$4" ;;
"run jobs execute smoke "*) case "$*" in *"${SMOKE_FAILS:-nowhere}"*) exit 1 ;; esac ;;
"storage cp --no-clobber "*) mkdir -p "$(dirname "$(at "$5")")"; cp -n "$4" "$(at "$5")" ;;
"storage cp "*) cp "$(at "$3")" "$4" ;;
"storage ls "*) ls "$(at "$3")" ;;
"artifacts docker images describe "*) case "$5" in *"${IMAGE_GONE:-nowhere}"*) exit 1 ;; esac ;;
esac
`
	fakeGo = fakeProgram + `
case "$*" in
*github.com/google/ko*)
	for image in api migrate operator smoke; do
		printf '%s/%s:b@sha256:%064d\n' "$KO_DOCKER_REPO" "$image" 1
	done >release/images ;;
*./run/source*) printf 'zip' >release/source.zip; printf '%064d\n' 2 ;;
esac
`
	fakeTerraform = fakeProgram + `
case "$*" in
*" plan "*) env | grep '^TF_VAR_' | sort >>"$CALLS" ;;
esac
`
)

// What the rehearsals build and release.
const (
	commitID   = "0123456789abcdef0123456789abcdef01234567"
	repository = "asia-northeast3-docker.pkg.dev/pot/missionpot"
)

// smokes is how a mission is played.
const smokes = "gcloud run jobs execute smoke --wait --args="

var (
	imageDigest  = fmt.Sprintf("sha256:%064d", 1)
	sourceObject = fmt.Sprintf("functions/%064d.zip", 2)
)

// rehearsal runs the scripts of builds one after the other, in a workspace of its own.
type rehearsal struct {
	dir         string
	environment map[string]string
}

func rehearse(t *testing.T, settings map[string]string) *rehearsal {
	t.Helper()
	dir := t.TempDir()
	r := &rehearsal{dir: dir, environment: map[string]string{
		"PROJECT_ID": "pot", "PROJECT_NUMBER": "123", "BUILD_ID": "b", "BUCKETS": filepath.Join(dir, "buckets"),
	}}
	for _, file := range buildFiles {
		maps.Copy(r.environment, parseBuild(t, file).Substitutions)
	}
	r.environment["_COMMIT"] = commitID
	maps.Copy(r.environment, settings)
	for name, script := range map[string]string{
		"bin/gcloud": fakeGcloud, "bin/go": fakeGo, "bin/terraform": fakeTerraform,
		"terraform/.terraform.lock.hcl": "# pinned\n",
	} {
		r.write(t, name, script)
	}
	return r
}

func (r *rehearsal) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// release builds and releases, and returns the calls of each step and the step that
// failed, if one did. The tests themselves are not run.
func (r *rehearsal) release(t *testing.T) (calls map[string]string, failed string) {
	t.Helper()
	calls = map[string]string{}
	for _, file := range buildFiles {
		if failed := r.run(t, file, calls); failed != "" {
			return calls, failed
		}
	}
	return calls, ""
}

// run runs the steps of a build, notes their calls and returns the step that failed.
func (r *rehearsal) run(t *testing.T, file string, calls map[string]string) (failed string) {
	t.Helper()
	// Nothing but the buckets is left of the build before.
	if err := os.RemoveAll(filepath.Join(r.dir, "release")); err != nil {
		t.Fatal(err)
	}
	for _, step := range parseBuild(t, file).Steps {
		if step.Id == "toolchain" || step.Id == "test" {
			continue
		}
		out, err := r.step(t, step)
		text, readErr := os.ReadFile(r.record(step.Id))
		if readErr != nil && err == nil {
			t.Fatalf("step %s called nothing\n%s", step.Id, out)
		}
		calls[step.Id] = string(text)
		if err != nil {
			t.Logf("step %s: %v\n%s", step.Id, err, out)
			return step.Id
		}
	}
	return ""
}

// record is the file of a step's calls.
func (r *rehearsal) record(step string) string { return filepath.Join(r.dir, "calls-"+step) }

func (r *rehearsal) step(t *testing.T, step *cloudbuildpb.BuildStep) (out []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-s")
	if strings.HasPrefix(step.Script, "#!/bin/sh\n") {
		cmd = exec.CommandContext(t.Context(), "dash", "-s")
	}
	cmd.Stdin = strings.NewReader(step.Script)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + filepath.Join(r.dir, "bin") + ":/usr/bin:/bin", "CALLS=" + r.record(step.Id)}
	for name, value := range r.environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd.CombinedOutput()
}

func TestAReleaseGoesStepByStep(t *testing.T) {
	t.Parallel()
	calls, failed := rehearse(t, nil).release(t)
	if failed != "" {
		t.Fatalf("step %s fails", failed)
	}
	image := func(name string) string { return repository + "/" + name + "@" + imageDigest }
	describe := func(service string) string {
		return fmt.Sprintf("gcloud run services describe %s --flatten=status.traffic[] --format=csv[no-heading](status.traffic.percent,status.traffic.revisionName)\n", service)
	}
	candidate := func(service string) string {
		return describe(service) + fmt.Sprintf("gcloud run deploy %[1]s --image="+image("api")+" --no-traffic --update-labels=commit="+commitID+"\n"+
			"gcloud run services describe %[1]s --format=value(status.latestCreatedRevisionName)\n"+
			"gcloud run services update-traffic %[1]s --update-tags=candidate=%[1]s-00008\n", service)
	}
	want := map[string]string{
		"images": "go run github.com/google/ko@v0.19.1 build --base-import-paths --sbom=spdx --tags=b --image-refs=release/images ./run/api ./run/migrate ./run/operator ./run/smoke\n",
		"source": "go run ./run/source -o release/source.zip\n",
		"upload": "gcloud storage cp --no-clobber release/source.zip gs://pot-artefacts/" + sourceObject + "\n" +
			"gcloud storage cp --no-clobber release/manifest gs://pot-artefacts/releases/" + commitID + "\n",
		"artefacts": "gcloud storage cp gs://pot-artefacts/releases/" + commitID + " release/manifest\n" +
			"gcloud storage ls gs://pot-artefacts/" + sourceObject + "\n" +
			"gcloud artifacts docker images describe " + image("api") + "\n" +
			"gcloud artifacts docker images describe " + image("migrate") + "\n" +
			"gcloud artifacts docker images describe " + image("operator") + "\n" +
			"gcloud artifacts docker images describe " + image("smoke") + "\n",
		"plan": "terraform -chdir=terraform init -input=false -lockfile=readonly -backend-config=bucket=pot-terraform\n" +
			"terraform -chdir=terraform plan -input=false -lock-timeout=10m -var-file=envs/dev.tfvars -out=../release/plan\n" +
			"TF_VAR_alert_email=\nTF_VAR_budget=null\nTF_VAR_domain=\n" +
			`TF_VAR_images={api="` + image("api") + `",migrate="` + image("migrate") + `",operator="` + image("operator") + `",smoke="` + image("smoke") + `"}` + "\n" +
			"TF_VAR_mail_from=Missionpot <missionpot@example.com>\n" +
			"TF_VAR_playbooks_url=\nTF_VAR_project=pot\nTF_VAR_project_number=123\nTF_VAR_region=asia-northeast3\n" +
			`TF_VAR_source_archive={bucket="pot-artefacts",object="` + sourceObject + `"}` + "\n",
		"apply":     "terraform -chdir=terraform apply -input=false -lock-timeout=10m ../release/plan\n",
		"migrate":   "gcloud run jobs execute migrate --wait\n",
		"candidate": candidate("api") + candidate("live"),
		"smoke":     smokes + "-api=https://candidate---api-123.asia-northeast3.run.app,-live=https://candidate---live-123.asia-northeast3.run.app\n",
		"tenth": "gcloud run services update-traffic api --to-tags=candidate=10\n" +
			smokes + "-api=https://api-123.asia-northeast3.run.app,-for=5m\n",
		"all": "gcloud run services update-traffic api --to-tags=candidate=100\n" +
			"gcloud run services update-traffic live --to-tags=candidate=100\n" +
			smokes + "-api=https://api-123.asia-northeast3.run.app,-live=https://live-123.asia-northeast3.run.app\n",
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
		"smoke": smokes + "-api=https://candidate.pot.example.com\n",
		"tenth": smokes + "-api=https://pot.example.com,-for=5m\n",
		"all":   smokes + "-api=https://pot.example.com,-live=https://pot.example.com\n",
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
	if failed := r.run(t, buildFile, map[string]string{}); failed != "" {
		t.Fatalf("step %s fails", failed)
	}
	steps := parseBuild(t, releaseFile).Steps
	plan := slices.IndexFunc(steps, func(s *cloudbuildpb.BuildStep) bool { return s.Id == "plan" })
	out, err := r.step(t, steps[plan])
	if err == nil || !strings.Contains(string(out), ".terraform.lock.hcl is missing") {
		t.Errorf("the plan goes on without pinned providers: %v\n%s", err, out)
	}
	if calls, err := os.ReadFile(r.record("plan")); err == nil && strings.Contains(string(calls), "terraform") {
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
		"tenth": {"-for=5m", fmt.Sprintf(back, "api")},
		"all":   {"-live=https://live", fmt.Sprintf(back, "api") + fmt.Sprintf(back, "live")},
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
