package chaos

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	pushOfOne  = `{"message":{"messageId":"1","data":"e30="},"subscription":"projects/p/subscriptions/bets.hold"}`
	failureOf1 = `{"severity":"ERROR","message":"message not handled","message_id":"1","subscription":"projects/p/subscriptions/bets.hold"}`
)

// lostBy counts the messages that are lost when a function gives these answers to one
// delivery, and logs these lines.
func lostBy(t *testing.T, statuses []int, logged ...string) int {
	t.Helper()
	next := 0
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[next])
		next++
	}))
	t.Cleanup(function.Close)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "functions-2.log"), []byte(strings.Join(logged, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAnswers(function.Client().Transport)
	for range statuses {
		resp, err := (&http.Client{Transport: a}).Post(function.URL, "application/json", strings.NewReader(pushOfOne))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	failed, err := failedSteps(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(a.notKept(failed))
}

func TestAMessageIsLostIfItWasAckedAndItsStepHadFailed(t *testing.T) {
	t.Parallel()
	other := strings.Replace(failureOf1, "bets.hold", "bets.show", 1)
	for what, c := range map[string]struct {
		answers []int
		logged  []string
		lost    int
	}{
		"handled":                                 {[]int{204}, nil, 0},
		"failed, kept, then handled":              {[]int{500, 204}, []string{failureOf1}, 0},
		"malformed, kept until its dead letter":   {[]int{400, 400}, []string{failureOf1, failureOf1}, 0},
		"failed and acked":                        {[]int{204}, []string{failureOf1}, 1},
		"failed twice, kept once, acked once":     {[]int{500, 204}, []string{failureOf1, failureOf1}, 1},
		"kept by an instance that died unlogged":  {[]int{500, 204}, []string{`panic: this is not JSON`, failureOf1[:40]}, 0},
		"another step of the same message failed": {[]int{500}, []string{failureOf1, other}, 1},
		"other lines of the same message":         {[]int{204}, []string{strings.Replace(failureOf1, "not handled", "handled late", 1)}, 0},
	} {
		if got := lostBy(t, c.answers, c.logged...); got != c.lost {
			t.Errorf("%s: %d messages are lost, want %d", what, got, c.lost)
		}
	}
}

func TestAPushWithoutAnAnswerIsNotAcked(t *testing.T) {
	t.Parallel()
	function := httptest.NewServer(http.NotFoundHandler())
	function.Close()
	a := newAnswers(http.DefaultTransport)
	if resp, err := (&http.Client{Transport: a}).Post(function.URL, "application/json", strings.NewReader(pushOfOne)); err == nil {
		_ = resp.Body.Close()
		t.Fatal("a closed server answered")
	}
	d := delivery{"projects/p/subscriptions/bets.hold", "1"}
	if acked := a.notKept(map[delivery]int{d: 1}); len(acked) != 0 {
		t.Errorf("%v counts as acked", acked)
	}
}
