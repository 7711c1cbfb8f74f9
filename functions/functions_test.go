package functions

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/core/event"
	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/wire"
)

func TestEveryFunctionOfThePipelineIsRegistered(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"KeepDeadLetter": true}
	for _, s := range event.Pipeline() {
		want[s.Function] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(all()))); diff != "" {
		t.Errorf("functions (-of the pipeline +registered):\n%s", diff)
	}
}

// Handler time-out < ack deadline, or Pub/Sub would deliver a message again
// while the step is still working on it.
func TestRule19AStepGivesUpBeforePubSubDoes(t *testing.T) {
	t.Parallel()
	want := map[event.Topic][2]time.Duration{
		event.Bets: {20 * time.Second, 60 * time.Second}, event.Pots: {20 * time.Second, 60 * time.Second},
		event.Verdicts: {500 * time.Second, 600 * time.Second}, event.Settlements: {500 * time.Second, 600 * time.Second},
		event.Ticks: {50 * time.Second, 120 * time.Second},
	}
	for _, s := range event.Pipeline() {
		want := want[s.Topic]
		if s.Name == "sendmail-ticks" { // its function has the time it needs for settlements
			want = [2]time.Duration{500 * time.Second, 600 * time.Second}
		}
		if got := [2]time.Duration{s.Handler, s.AckDeadline}; got != want {
			t.Errorf("%s: handler and ack deadline are %v, want %v", s.Name, got, want)
		}
		if got := (&opening{row: row(s.Function)}).handlerTime(); got < s.Handler {
			t.Errorf("%s gives up after %s, want no sooner than its subscription's %s", s.Function, got, s.Handler)
		}
	}
}

// Rule 20's figures are Terraform's; this is the only one that is set in code.
func TestRule20HoldBetsTakesAThousandPushesAtOnce(t *testing.T) {
	t.Parallel()
	for _, s := range event.Pipeline() {
		if s.Function == "HoldBets" && s.Concurrency != 1000 {
			t.Errorf("HoldBets has a concurrency of %d, want 1000", s.Concurrency)
		}
	}
}

// A function whose settings are wrong answers 500, so that Pub/Sub tries
// again, and works as soon as they are right. Not parallel: settings are the
// process's environment.
func TestAFailedStartIsTriedAgain(t *testing.T) {
	setenv(t)
	project := os.Getenv("GOOGLE_CLOUD_PROJECT")
	for name, build := range all() {
		t.Run(name, func(t *testing.T) {
			function := lazily(row(name), build)
			t.Setenv("GOOGLE_CLOUD_PROJECT", "")
			if got := pushed(function, "not an envelope"); got != http.StatusInternalServerError {
				t.Errorf("without settings the answer is %d, want 500", got)
			}
			t.Setenv("GOOGLE_CLOUD_PROJECT", project)
			if got := pushed(function, "not an envelope"); got != http.StatusBadRequest {
				t.Errorf("with settings the answer to a broken push is %d, want 400", got)
			}
			if name == "KeepDeadLetter" {
				return
			}
			// A message of a type the step does not know becomes a dead letter.
			// It is not retried for ever, and no client is opened for it.
			if got := pushed(function, message("dance", `{}`)); got != http.StatusBadRequest {
				t.Errorf("the answer to an unknown event is %d, want 400", got)
			}
		})
	}
}

// A function has the rights to what its row gives it. What it does not open it must not
// have a right to.
func TestAFunctionOpensAllThatItsRowGivesIt(t *testing.T) {
	setenv(t)
	for name, build := range all() {
		o := newOpening(t.Context(), row(name))
		build(o)
		if err := errors.Join(o.Err(), o.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := map[string]bool{
			"users instance": slices.Contains(o.row.Databases, "users"), "missions instance": slices.Contains(o.row.Databases, "missions"),
			"topic to publish to": len(o.row.Publishes) > 0, "bet log": o.row.Firestore == "log", "live board": o.row.Firestore == "board",
			"dead letters": o.row.Firestore == "dead_letters",
		}
		for part, given := range want {
			if given && !slices.Contains(o.parts, part) {
				t.Errorf("%s may use the %s and does not open it", name, part)
			}
		}
	}
}

func TestAFunctionDoesNotOpenWhatItsRowDoesNotGiveIt(t *testing.T) {
	setenv(t)
	o := newOpening(t.Context(), row("GrowPot"))
	holdBets(o)
	if err := o.Err(); err == nil || !strings.Contains(err.Error(), "gives growpot no users instance") {
		t.Errorf("the error is %v, want that growpot has no users instance", err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}

func TestATickGoesThroughTheWholeStep(t *testing.T) {
	setenv(t)
	for _, s := range event.Pipeline() {
		if s.Topic != event.Ticks {
			continue
		}
		build, found := all()[s.Function]
		if !found {
			t.Errorf("no function is named %s", s.Function)
			continue
		}
		if got := pushed(lazily(row(s.Function), build), message("tick", `{}`)); got != http.StatusNoContent {
			t.Errorf("%s answers %d to a tick, want 204", s.Function, got)
		}
	}
}

func TestADeadLetterIsKeptWhateverIsInIt(t *testing.T) {
	setenv(t)
	if got := pushed(lazily(row("KeepDeadLetter"), keepDeadLetter), message("dance", "\xff not JSON")); got != http.StatusNoContent {
		t.Errorf("the answer is %d, want 204", got)
	}
}

func TestAFunctionIsStartedOnceHoweverManyRequestsComeFirst(t *testing.T) {
	t.Parallel()
	started := 0
	function := lazily(event.Step{}, func(*opening) http.HandlerFunc {
		started++
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { pushed(function, "") })
	}
	all.Wait()
	if started != 1 {
		t.Errorf("started %d times, want once", started)
	}
}

func TestWhatAFailedStartHadOpenedIsClosed(t *testing.T) {
	t.Parallel()
	var closed []int
	function := lazily(event.Step{}, func(o *opening) http.HandlerFunc {
		for i := range 3 {
			wire.Open(o.Clients, func() (int, error) { return i, nil }, func(i int) error { closed = append(closed, i); return nil })
		}
		wire.Open(o.Clients, func() (int, error) { return 0, fmt.Errorf("no such thing") }, func(int) error { t.Error("closed a client that was never opened"); return nil })
		wire.Open(o.Clients, func() (int, error) { t.Error("opened another client after a failure"); return 0, nil }, func(int) error { return nil })
		return nil
	})
	if got := pushed(function, ""); got != http.StatusInternalServerError {
		t.Errorf("the answer is %d, want 500", got)
	}
	if diff := cmp.Diff([]int{2, 1, 0}, closed); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func setenv(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": standtest.Firestore(t),
		"USERS_DATABASE_URL":   standtest.UsersDatabase(t), "MISSIONS_DATABASE_URL": standtest.MissionsDatabase(t),
		"PAYMENT_PROVIDER": "sandbox", "SENDGRID_API_KEY": "SG.key", "SENDGRID_HOST": "http://127.0.0.1:1", "MAIL_FROM": "pot@example.com",
	} {
		t.Setenv(name, value)
	}
}

func message(kind, data string) string {
	return fmt.Sprintf(`{"subscription":"projects/p/subscriptions/s","message":{"messageId":"1","publishTime":%q,"attributes":{"type":%q},"data":%q}}`,
		time.Now().UTC().Format(time.RFC3339), kind, base64.StdEncoding.EncodeToString([]byte(data)))
}

func pushed(function http.HandlerFunc, body string) int {
	answer := httptest.NewRecorder()
	function(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	return answer.Code
}
