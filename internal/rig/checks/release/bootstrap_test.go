package release_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// agents are services whose own accounts Google makes on demand, by the pattern
// of the account's name. A grant to one that is not there is refused.
var agents = map[string]string{
	"gcp-sa-pubsub":        "pubsub",
	"gcp-sa-secretmanager": "secretmanager",
}

// bootstrapScript returns apply.sh with joined lines.
func bootstrapScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(root + "terraform/bootstrap/apply.sh")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\\\n", " ")
}

// A service that was enabled a moment ago may still answer that it is not. The
// first apply calls these services before the others.
func TestTheBootstrapEnablesWhatTerraformCallsFirst(t *testing.T) {
	t.Parallel()
	enabled := regexp.MustCompile(`gcloud services enable ([^-]+)--project`).FindStringSubmatch(bootstrapScript(t))
	if enabled == nil {
		t.Fatal("apply.sh enables no service")
	}
	for _, service := range []string{"cloudresourcemanager", "iam", "pubsub", "secretmanager", "serviceusage", "sqladmin", "storage"} {
		if !slices.Contains(strings.Fields(enabled[1]), service+".googleapis.com") {
			t.Errorf("apply.sh does not enable %s before Terraform runs", service)
		}
	}
}

func TestTheBootstrapMakesEveryServiceAccountOfGooglesThatGetsAGrant(t *testing.T) {
	t.Parallel()
	made := regexp.MustCompile(`for service in ([a-z ]+); do\s+gcloud beta services identity create`).FindStringSubmatch(bootstrapScript(t))
	if made == nil {
		t.Fatal("apply.sh makes no service's account")
	}
	granted := map[string]bool{}
	for file, text := range terraformSources(t) {
		for _, m := range regexp.MustCompile(`@(gcp-sa-[a-z]+)\.iam`).FindAllStringSubmatch(text, -1) {
			granted[m[1]] = true
			service, known := agents[m[1]]
			if !known {
				t.Errorf("%s grants something to %s: which service makes that account?", file, m[1])
			} else if !slices.Contains(strings.Fields(made[1]), service) {
				t.Errorf("%s grants something to %s, which apply.sh does not create", file, m[1])
			}
		}
	}
	if len(granted) != len(agents) {
		t.Errorf("grants to %v found, want all of %v", granted, agents)
	}
}

// What is beside the services in the bootstrap must wait for them.
func TestEverythingOfTheBootstrapWaitsForItsService(t *testing.T) {
	t.Parallel()
	for _, r := range terraformResources(t) {
		if r.folder != "bootstrap" || r.kind == "google_project_service" {
			continue
		}
		waits := strings.Contains(r.text, "google_project_service.used")
		for _, other := range []string{"google_pubsub_topic.rotation", "google_pubsub_topic_iam_member.rotation"} {
			waits = waits || strings.Contains(r.text, other) && r.kind+"."+r.name != other
		}
		if !waits {
			t.Errorf("%s.%s does not wait until its service is enabled", r.kind, r.name)
		}
	}
}
