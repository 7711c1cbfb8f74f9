package wire

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// Not parallel: settings are the process's environment.
func TestClientsAreOpenedFromTheirSettingsWithoutACall(t *testing.T) {
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": "test-project", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
		"USERS_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "MISSIONS_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
		"PAYMENT_PROVIDER": "sandbox", "SENDGRID_API_KEY": "SG.key", "MAIL_FROM": "pot@example.com",
	} {
		t.Setenv(name, value)
	}
	c := New(t.Context())
	c.Log()
	users, missions, log, board, letters, topics := c.Users(1), c.Missions(1), c.BetLog(), c.Board(), c.DeadLetters(), c.Bus()
	mail, payments := c.Mail(1), c.Payments()
	if c.Err() != nil || users == nil || missions == nil || log == nil || board == nil || letters == nil || topics == nil || mail == nil || payments == nil {
		t.Errorf("a client is missing: %v", c.Err())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestAMissingSettingIsNamedAndNothingMoreIsOpened(t *testing.T) {
	t.Setenv("USERS_DATABASE_URL", "")
	c := New(t.Context())
	if users := c.Users(1); users != nil {
		t.Error("a pool without an address was opened")
	}
	Open(c, func() (int, error) { t.Error("opened a client after a failure"); return 0, nil }, func(int) error { return nil })
	c.Fail(errors.New("another"))
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "USERS_DATABASE_URL") {
		t.Errorf("the error is %v, want the setting that is missing", err)
	}
}

func TestClientsAreClosedLastFirstAndErrorsAreJoined(t *testing.T) {
	t.Parallel()
	var closed []int
	broken := errors.New("broken")
	c := New(t.Context())
	for i := range 3 {
		Open(c, func() (int, error) { return i, nil }, func(i int) error {
			closed = append(closed, i)
			return map[bool]error{true: broken}[i == 1]
		})
	}
	if err := c.Close(); !errors.Is(err, broken) {
		t.Errorf("closing gave %v, want %v", err, broken)
	}
	if !slices.Equal(closed, []int{2, 1, 0}) {
		t.Errorf("closed %v, want 2, 1, 0", closed)
	}
}

func TestAClientThatDoesNotCloseIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		c := New(t.Context())
		Open(c, func() (int, error) { return 0, nil }, func(int) error { <-goOn; return nil })
		if err := c.Close(); err == nil {
			t.Error("closing a client that hangs gave no error")
		}
		close(goOn)
	})
}
