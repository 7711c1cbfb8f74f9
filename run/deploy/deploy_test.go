package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/auth/token"
)

// fakeGcloud plays a project that is there and paid for. Secrets that are files in $SECRETS
// have a version; what is added is written there.
const fakeGcloud = `#!/bin/sh
echo "gcloud $*" >>"$CALLS"
case "$*" in
"auth list "*) echo "$ACCOUNT" ;;
"auth application-default "*) [ -n "$ACCOUNT" ] ;;
"projects describe "*) [ "$PROJECT_EXISTS" = yes ] && echo 123 ;;
"billing "*) echo "$BILLED" ;;
"secrets versions list "*) [ ! -e "$SECRETS/$4" ] || echo 1 ;;
"secrets versions add "*) cat >"$SECRETS/$4" ;;
"sql instances list "*) printf '%s' "$PROTECTED" ;;
"beta builds submit "*) cat "$4" >>"$UPLOADS"; cat "${5#--config=}" >>"$UPLOADS" ;;
esac
`

// fakeGit has a commit checked out, and what $DIRTY says beside it. It knows one older commit.
const fakeGit = `#!/bin/sh
case "$*" in
*" status "*) printf '%s' "$DIRTY" ;;
*" rev-parse HEAD"|*" HEAD^{commit}") echo 0123abc ;;
*" old^{commit}") echo 4567def ;;
*" rev-parse "*) exit 1 ;;
*" show "*) echo "config $4" ;;
"archive "*) echo "archive $4 $5 $6" >"${3#--output=}" ;;
esac
`

const fakeBootstrap = `#!/bin/sh
echo "bootstrap $*" >>"$CALLS"
`

const fakeTerraform = `#!/bin/sh
echo "terraform $*" >>"$CALLS"
exit "${TERRAFORM_STATUS:-0}"
`

// fixture is a machine with the programs that deploy calls, and a module to deploy.
type fixture struct {
	module, secrets, calls, uploads string
}

// Not parallel: programs are found by the process's own PATH.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	s := &fixture{module: filepath.Join(dir, "module"), secrets: filepath.Join(dir, "secrets"), calls: filepath.Join(dir, "calls"), uploads: filepath.Join(dir, "uploads")}
	for name, text := range map[string]string{
		"bin/gcloud": fakeGcloud, "bin/terraform": fakeTerraform, "bin/git": fakeGit,
		"module/terraform/bootstrap/apply.sh":            fakeBootstrap,
		"module/terraform/envs/dev.tfvars":               "",
		"module/terraform/.terraform.lock.hcl":           "",
		"module/terraform/bootstrap/.terraform.lock.hcl": "",
		"secrets/.keep": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(dir, "bin")+":/usr/bin:/bin")
	t.Setenv("CALLS", s.calls)
	t.Setenv("SECRETS", s.secrets)
	t.Setenv("UPLOADS", s.uploads)
	t.Setenv("ACCOUNT", "somebody@example.com")
	t.Setenv("PROJECT_EXISTS", "yes")
	t.Setenv("BILLED", "True")
	return s
}

func (s *fixture) deploy(t *testing.T, sendGridKey string, more ...string) (output string, err error) {
	t.Helper()
	t.Setenv("SENDGRID_API_KEY", sendGridKey)
	return s.run(t, append([]string{
		"-project", "my-pot", "-region", "asia-northeast3", "-mail-from", "Pot <pot@example.com>", "-module", s.module,
	}, more...)...)
}

func (s *fixture) run(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = run(t.Context(), args, &out, io.Discard)
	return out.String(), err
}

// elsewhere is where a build's files lie until they are uploaded.
var elsewhere = regexp.MustCompile(`/\S*/missionpot-release-\d+`)

// changes are the calls that were not only questions.
func (s *fixture) changes(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(s.calls)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var changes []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "gcloud") || strings.Contains(line, " add ") || strings.Contains(line, " submit ") {
			changes = append(changes, elsewhere.ReplaceAllString(strings.TrimSpace(line), "DIR"))
		}
	}
	return changes
}

const (
	built = "gcloud beta builds submit DIR/tree.tgz --config=DIR/cloudbuild.yaml --project=my-pot " +
		"--gcs-source-staging-dir=gs://my-pot-source/builds --substitutions=^|^_REGION=asia-northeast3|_COMMIT=0123abc"
	released = "gcloud beta builds submit DIR/tree.tgz --config=DIR/cloudbuild.release.yaml --project=my-pot " +
		"--gcs-source-staging-dir=gs://my-pot-source/builds --substitutions=^|^_REGION=asia-northeast3|_ENVIRONMENT=dev|" +
		"_MAIL_FROM=Pot <pot@example.com>|_DOMAIN=|_COMMIT=0123abc|_ALERT_EMAIL=|_PLAYBOOKS_URL=|_BUDGET="
)

func TestAnEmptyProjectIsBootstrappedGetsItsSecretsAndARelease(t *testing.T) {
	s := newFixture(t)
	output, err := s.deploy(t, "SG.key")
	if err != nil {
		t.Fatalf("deploy: %v\n%s", err, output)
	}
	want := []string{
		"bootstrap my-pot asia-northeast3",
		"gcloud secrets versions add token-keys --data-file=- --project=my-pot",
		"gcloud secrets versions add sendgrid-key --data-file=- --project=my-pot",
		built, released,
	}
	if diff := cmp.Diff(want, s.changes(t)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	keys, err := os.ReadFile(filepath.Join(s.secrets, "token-keys"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.ParseSet(keys); err != nil {
		t.Errorf("the API can't read the signing keys: %v", err)
	}
	mailKey, err := os.ReadFile(filepath.Join(s.secrets, "sendgrid-key"))
	if err != nil || string(mailKey) != "SG.key" {
		t.Errorf("the SendGrid key is %q, %v", mailKey, err)
	}
	var set struct{ Keys []struct{ D string } }
	if err := json.Unmarshal(keys, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%d signing keys, %v; want one", len(set.Keys), err)
	}
	if strings.Contains(output, "SG.key") || strings.Contains(output, set.Keys[0].D) {
		t.Errorf("a secret is in the output:\n%s", output)
	}
}

func TestASecondReleaseLeavesTheSecretsAlone(t *testing.T) {
	s := newFixture(t)
	for _, id := range []string{"token-keys", "sendgrid-key"} {
		if err := os.WriteFile(filepath.Join(s.secrets, id), []byte("first"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := s.deploy(t, ""); err != nil {
		t.Fatalf("deploy: %v\n%s", err, output)
	}
	if diff := cmp.Diff([]string{"bootstrap my-pot asia-northeast3", built, released}, s.changes(t)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestADryRunSaysEverythingAndChangesNothing(t *testing.T) {
	s := newFixture(t)
	output, err := s.deploy(t, "SG.key", "-dry-run")
	if err != nil {
		t.Fatal(err)
	}
	want := `WARNING: ALERT_EMAIL is not set: alerts will be shown in the console and reach nobody.
+ terraform/bootstrap/apply.sh my-pot asia-northeast3
+ gcloud secrets versions add token-keys --data-file=- --project=my-pot
+ gcloud secrets versions add sendgrid-key --data-file=- --project=my-pot
+ git archive --format=tar.gz --output=DIR/tree.tgz 0123abc
+ gcloud beta builds submit DIR/tree.tgz --config=DIR/cloudbuild.yaml --project=my-pot --gcs-source-staging-dir=gs://my-pot-source/builds '--substitutions=^|^_REGION=asia-northeast3|_COMMIT=0123abc'
+ git archive --format=tar.gz --output=DIR/tree.tgz 0123abc cloudbuild.release.yaml terraform
+ gcloud beta builds submit DIR/tree.tgz --config=DIR/cloudbuild.release.yaml --project=my-pot --gcs-source-staging-dir=gs://my-pot-source/builds '--substitutions=^|^_REGION=asia-northeast3|_ENVIRONMENT=dev|_MAIL_FROM=Pot <pot@example.com>|_DOMAIN=|_COMMIT=0123abc|_ALERT_EMAIL=|_PLAYBOOKS_URL=|_BUDGET='
`
	if diff := cmp.Diff(want, output); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(s.calls); !os.IsNotExist(err) {
		t.Errorf("a program was called: %v", err)
	}
}

func TestRefusesWhatWouldStopHalfwayAndSaysWhatToType(t *testing.T) {
	for name, c := range map[string]struct {
		variable, value string
		want            string
	}{
		"nobody logged in": {"ACCOUNT", "", "gcloud auth login --update-adc"},
		"no project":       {"PROJECT_EXISTS", "no", "gcloud projects create my-pot"},
		"nobody pays":      {"BILLED", "False", "gcloud billing projects link my-pot"},
		"no tools":         {"PATH", "/nowhere", "gcloud is not installed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t)
			t.Setenv(c.variable, c.value)
			_, err := s.deploy(t, "SG.key")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("deploy: %v, want %q", err, c.want)
			}
			if changes := s.changes(t); changes != nil {
				t.Errorf("it changed something: %v", changes)
			}
		})
	}
}

func TestWithoutASendGridKeyNothingIsReleased(t *testing.T) {
	s := newFixture(t)
	_, err := s.deploy(t, "")
	if err == nil || !strings.Contains(err.Error(), "SENDGRID_API_KEY") {
		t.Errorf("deploy: %v, want the variable that is missing", err)
	}
	for _, change := range s.changes(t) {
		if strings.Contains(change, "submit") {
			t.Error("a release is submitted, want none")
		}
	}
}

func TestNamesEverySettingThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	args := []string{"-project", "Pot", "-region", "seoul", "-mail-from", "a|b@example.com", "-domain", "Pot", "-environment", "../dev", "-module", t.TempDir()}
	_, err := parse(args, io.Discard)
	if err == nil {
		t.Fatal("accepted, want a refusal")
	}
	for _, want := range []string{"PROJECT is", "REGION is", "MAIL_FROM is", "DOMAIN is", "ENVIRONMENT is", "usage: make deploy"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not say %q:\n%v", want, err)
		}
	}
}

// The target passes every variable on; without them it refuses.
func TestMakeDeployPassesItsVariablesOn(t *testing.T) {
	t.Parallel()
	dry := exec.CommandContext(t.Context(), "make", "-C", "../..", "-n", "deploy",
		"PROJECT=my-pot", "REGION=asia-northeast3", "MAIL_FROM=Pot <pot@example.com>", "DOMAIN=pot.example.com", "ENVIRONMENT=prod", "DRY_RUN=1")
	out, err := dry.CombinedOutput()
	if err != nil {
		t.Fatalf("make -n deploy: %v\n%s", err, out)
	}
	for _, want := range []string{
		"-project 'my-pot'", "-region 'asia-northeast3'", "-mail-from 'Pot <pot@example.com>'", "-domain 'pot.example.com'", "-environment 'prod'", "-dry-run",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("make deploy does not pass %s on:\n%s", want, out)
		}
	}
}

func TestATreeWithChangesIsNotReleased(t *testing.T) {
	s := newFixture(t)
	t.Setenv("DIRTY", " M internal/api/bets.go")
	out, err := s.deploy(t, "SG.key")
	if err == nil || !strings.Contains(err.Error(), "internal/api/bets.go") {
		t.Errorf("deploy: %v, want the changes to be named", err)
	}
	if changes := s.changes(t); len(changes) > 0 {
		t.Errorf("%q was done all the same\n%s", changes, out)
	}
}

func TestAnUnpinnedProviderStopsTheReleaseBeforeAnythingIsDone(t *testing.T) {
	s := newFixture(t)
	if err := os.Remove(filepath.Join(s.module, "terraform/.terraform.lock.hcl")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.deploy(t, "SG.key"); err == nil || !strings.Contains(err.Error(), "providers lock") {
		t.Errorf("deploy: %v, want the command that makes the lock file", err)
	}
	if changes := s.changes(t); len(changes) > 0 {
		t.Errorf("%q was done all the same", changes)
	}
}

func TestWhoeverIsNotAlertedIsWarned(t *testing.T) {
	s := newFixture(t)
	if out, err := s.deploy(t, "SG.key"); err != nil || !strings.Contains(out, "WARNING: ALERT_EMAIL") {
		t.Errorf("deploy: %v\n%s\nwant a warning that alerts reach nobody", err, out)
	}
	out, err := s.deploy(t, "SG.key", "-alert-email", "you@example.com", "-playbooks-url", "https://pages.example/playbooks",
		"-budget", "012345-6789AB-CDEF01:KRW:300000")
	if err != nil || strings.Contains(out, "WARNING") {
		t.Errorf("deploy: %v\n%s\nwant no warning", err, out)
	}
	changes := s.changes(t)
	want := `|_COMMIT=0123abc|_ALERT_EMAIL=you@example.com|_PLAYBOOKS_URL=https://pages.example/playbooks|_BUDGET={billing_account="012345-6789AB-CDEF01",currency="KRW",amount=300000}`
	if last := changes[len(changes)-1]; !strings.HasSuffix(last, want) {
		t.Errorf("submitted %q, want it to end with %q", last, want)
	}
}

func TestProdIsRefusedWhileItsAPICanNotStart(t *testing.T) {
	s := newFixture(t)
	if err := os.WriteFile(filepath.Join(s.module, "terraform/envs/prod.tfvars"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.deploy(t, "SG.key", "-environment", "prod"); err == nil || !strings.Contains(err.Error(), "payment provider") {
		t.Errorf("deploy: %v, want the missing payment provider to be named", err)
	}
}
