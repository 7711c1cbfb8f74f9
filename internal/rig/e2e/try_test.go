package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A newcomer runs this script first.
func TestTheScriptOfTheTenStepsWorks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the script needs curl")
	}
	s := sharedSystem(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	script := exec.CommandContext(ctx, "bash", "../../../docs/try.sh")
	script.Env = append(os.Environ(), "API="+s.API.URL())
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, ninth, found := strings.Cut(string(out), "\n9. ")
	if !found || !strings.Contains(ninth, `"available":5000`) || !strings.Contains(ninth, `"settled"`) {
		t.Errorf("the streamer does not have the pot of 5,000 won at the end:\n%s", out)
	}
}
