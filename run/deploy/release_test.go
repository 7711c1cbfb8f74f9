package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestABuildIsUploadedWholeAndAReleaseIsItsConfigurationOnly(t *testing.T) {
	s := newFixture(t)
	if output, err := s.deploy(t, "SG.key"); err != nil {
		t.Fatalf("deploy: %v\n%s", err, output)
	}
	want := "archive 0123abc  \nconfig 0123abc:cloudbuild.yaml\n" +
		"archive 0123abc cloudbuild.release.yaml terraform\nconfig 0123abc:cloudbuild.release.yaml\n"
	got, err := os.ReadFile(s.uploads)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("uploaded (-want +got):\n%s", diff)
	}
}

var releaseArgs = []string{"-project", "my-pot", "-region", "asia-northeast3", "-mail-from", "Pot <pot@example.com>"}

func (s *fixture) release(t *testing.T, more ...string) (output string, err error) {
	t.Helper()
	return s.run(t, append(append([]string{"release", "-module", s.module}, releaseArgs...), more...)...)
}

// The way back: nothing is built, no test is run, and the configuration is the old one too.
func TestAnOldCommitIsReleasedWithoutABuild(t *testing.T) {
	s := newFixture(t)
	t.Setenv("DIRTY", " M internal/api/bets.go") // which is not what is released
	output, err := s.release(t, "-commit", "old")
	if err != nil {
		t.Fatalf("release: %v\n%s", err, output)
	}
	if diff := cmp.Diff([]string{strings.ReplaceAll(released, "0123abc", "4567def")}, s.changes(t)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(s.uploads)
	if want := "archive 4567def cloudbuild.release.yaml terraform\nconfig 4567def:cloudbuild.release.yaml\n"; err != nil || string(got) != want {
		t.Errorf("uploaded %q, %v; want %q", got, err, want)
	}
}

func TestACommitThatIsNotKnownIsNotReleased(t *testing.T) {
	s := newFixture(t)
	if _, err := s.release(t, "-commit", "nowhere"); err == nil || !strings.Contains(err.Error(), `COMMIT is "nowhere"`) {
		t.Errorf("release: %v, want the commit to be named", err)
	}
	if changes := s.changes(t); len(changes) > 0 {
		t.Errorf("%q was done all the same", changes)
	}
}

func (s *fixture) destroy(t *testing.T, more ...string) (output string, err error) {
	t.Helper()
	return s.run(t, append([]string{"destroy", "-project", "my-pot", "-region", "asia-northeast3", "-module", s.module}, more...)...)
}

func TestAnEnvironmentIsDestroyedAndWhatIsLeftIsNamed(t *testing.T) {
	s := newFixture(t)
	output, err := s.destroy(t)
	if err != nil {
		t.Fatalf("destroy: %v\n%s", err, output)
	}
	nothing := "none@sha256:" + strings.Repeat("0", 64)
	want := []string{
		"terraform -chdir=terraform init -input=false -reconfigure -lockfile=readonly -backend-config=bucket=my-pot-terraform",
		"terraform -chdir=terraform destroy -lock-timeout=10m -var-file=envs/dev.tfvars -var=project=my-pot -var=project_number=123 " +
			"-var=region=asia-northeast3 -var=mail_from=none@example.com " +
			`-var=images={api="` + nothing + `",migrate="` + nothing + `",operator="` + nothing + `",smoke="` + nothing + `"} ` +
			`-var=source_archive={bucket="none",object="none"}`,
	}
	if diff := cmp.Diff(want, s.changes(t)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for _, thing := range []string{"my-pot-terraform", "my-pot-artefacts", "token-keys", "peering", "gcloud projects delete my-pot"} {
		if !strings.Contains(output, thing) {
			t.Errorf("%s is not named:\n%s", thing, output)
		}
	}
}

func TestWhatIsProtectedIsNotDestroyed(t *testing.T) {
	s := newFixture(t)
	if _, err := s.destroy(t, "-environment", "prod"); err == nil || !strings.Contains(err.Error(), "ENVIRONMENT is prod") {
		t.Errorf("destroy of prod: %v, want a refusal", err)
	}
	// Whoever leaves ENVIRONMENT out means dev, and the project may still be prod's.
	t.Setenv("PROTECTED", "users\nmissions")
	if _, err := s.destroy(t); err == nil || !strings.Contains(err.Error(), "my-pot is protected: its databases users, missions") {
		t.Errorf("destroy of a protected project: %v, want a refusal", err)
	}
	if changes := s.changes(t); len(changes) > 0 {
		t.Errorf("%q was done all the same", changes)
	}
}

func TestADestroyThatStopsHalfwaySaysWhy(t *testing.T) {
	s := newFixture(t)
	t.Setenv("TERRAFORM_STATUS", "1")
	if output, err := s.destroy(t); err == nil || strings.Contains(output, "What is left") {
		t.Errorf("destroy: %v\n%s\nwant Terraform's failure", err, output)
	}
}

func TestMakeReleaseAndDestroyPassTheirVariablesOn(t *testing.T) {
	t.Parallel()
	variables := []string{"PROJECT=my-pot", "REGION=asia-northeast3", "MAIL_FROM=pot@example.com", "DOMAIN=pot.example.com", "ENVIRONMENT=dev", "DRY_RUN=1", "COMMIT=old"}
	for target, want := range map[string][]string{
		"release": {"deploy release", "-commit 'old'", "-project 'my-pot'", "-mail-from 'pot@example.com'", "-domain 'pot.example.com'", "-dry-run"},
		"destroy": {"deploy destroy", "-project 'my-pot'", "-region 'asia-northeast3'", "-environment 'dev'", "-dry-run"},
	} {
		out, err := exec.CommandContext(t.Context(), "make", append([]string{"-C", "../..", "-n", target}, variables...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("make -n %s: %v\n%s", target, err, out)
		}
		for _, text := range want {
			if !strings.Contains(string(out), text) {
				t.Errorf("make %s does not pass %s on:\n%s", target, text, out)
			}
		}
	}
}
