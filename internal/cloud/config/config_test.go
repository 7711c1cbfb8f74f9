package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/cloud/config"
)

const password = "hunter2"

type everything struct {
	config.Google
	config.Databases
	config.Log
	config.HTTP
	config.Tokens
	config.Payments
	config.Mail
	config.Sweep
}

func environment() map[string]string {
	return map[string]string{
		"GOOGLE_CLOUD_PROJECT":  "missionpot-test",
		"USERS_DATABASE_URL":    "postgres://app:" + password + "@localhost/users",
		"MISSIONS_DATABASE_URL": "postgres://app:" + password + "@localhost/missions",
		"SENDGRID_API_KEY":      password,
		"MAIL_FROM":             "Missionpot <pot@example.com>",
	}
}

func TestDefaultsAreThoseOfTheDesign(t *testing.T) {
	t.Parallel()
	var c everything
	if err := config.LoadFrom(t.Context(), &c, environment()); err != nil {
		t.Fatal(err)
	}
	if c.FirestoreDatabase != "(default)" || c.Port != 8080 || c.Role != config.RoleAll ||
		c.Level != slog.LevelInfo || c.Age != time.Minute || c.Provider != "" || c.SandboxAllowed ||
		c.Mail.Host != "https://api.sendgrid.com" {
		t.Errorf("defaults are %+v", c)
	}
	if want := "postgres://app:hunter2@localhost/users"; c.UsersURL.Reveal() != want {
		t.Errorf("users URL is %q, want %q", c.UsersURL.Reveal(), want)
	}
}

func TestAWrongSettingIsNamedByItsVariable(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT":     "", // an empty value counts as missing
		"MISSIONS_DATABASE_URL":    "",
		"MAIL_FROM":                "",
		"PORT":                     "eighty",
		"API_ROLE":                 "watcher",
		"LOG_LEVEL":                "loud",
		"SWEEP_AGE":                "60",
		"SANDBOX_PAYMENTS_ALLOWED": "perhaps",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			given := environment()
			given[variable] = value
			var c everything
			err := config.LoadFrom(t.Context(), &c, given)
			if err == nil || !strings.Contains(err.Error(), variable) {
				t.Errorf("error is %v, want one that names %s", err, variable)
			}
		})
	}
}

func TestAMissingSettingIsReportedInOneShortLine(t *testing.T) {
	t.Parallel()
	var c struct{ config.Program }
	err := config.LoadFrom(t.Context(), &c, nil)
	if want := "settings: missing required value: GOOGLE_CLOUD_PROJECT"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	var c everything
	if err := config.LoadFrom(t.Context(), &c, environment()); err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("settings", "config", c, "key", c.APIKey)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("settings", "config", c, "key", c.APIKey)
	marshalled, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%s %q", c.APIKey, c.APIKey),
		logged.String(), string(marshalled),
	} {
		if strings.Contains(printed, password) {
			t.Errorf("the password is in %s", printed)
		}
	}
}

func TestTheKeySetComesFromExactlyOnePlace(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]config.Tokens{
		"variable": {Keys: `{"keys":[]}`},
		"file":     {KeysFile: file},
	} {
		keys, err := given.KeySet()
		if err != nil || keys.Reveal() != `{"keys":[]}` {
			t.Errorf("%s: key set is %q, %v", name, keys.Reveal(), err)
		}
	}
	for name, given := range map[string]config.Tokens{
		"neither":    {},
		"both":       {Keys: "{}", KeysFile: file},
		"no such":    {KeysFile: file + ".gone"},
		"both, gone": {Keys: "{}", KeysFile: file + ".gone"},
	} {
		if _, err := given.KeySet(); err == nil || !strings.Contains(err.Error(), "TOKEN_KEYS") {
			t.Errorf("%s: error is %v, want one that names TOKEN_KEYS", name, err)
		}
	}
}

func TestTheMailKeyComesFromAVariableOrAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]config.Mail{"variable": {APIKey: password}, "file": {APIKeyFile: file}} {
		if key, err := given.Key(); err != nil || key.Reveal() != password {
			t.Errorf("%s: the key is %q, %v", name, key.Reveal(), err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]config.Mail{"neither": {}, "both": {APIKey: password, APIKeyFile: file}, "empty": {APIKeyFile: empty}} {
		if _, err := given.Key(); err == nil || !strings.Contains(err.Error(), "SENDGRID_API_KEY") {
			t.Errorf("%s: error is %v, want one that names SENDGRID_API_KEY", name, err)
		}
	}
}

func TestACloudRunServiceOrJobIsOnGoogleCloud(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]bool{"K_SERVICE": true, "CLOUD_RUN_JOB": true, "FUNCTION_TARGET": false} {
		var p config.Platform
		if err := config.LoadFrom(t.Context(), &p, map[string]string{variable: "x"}); err != nil {
			t.Fatal(err)
		}
		if p.OnGoogleCloud() != want {
			t.Errorf("with %s set, OnGoogleCloud is %v, want %v", variable, p.OnGoogleCloud(), want)
		}
	}
}

func TestThePushCheckCannotBeOffByMistake(t *testing.T) {
	t.Parallel()
	local := config.Platform{FirestoreEmulator: "127.0.0.1:1", PubSubEmulator: "127.0.0.1:2"}
	cloud := config.Platform{Service: "holdbets"}
	const account = "pubsub-push@pot.iam.gserviceaccount.com"
	for name, c := range map[string]struct {
		push  config.Push
		on    config.Platform
		names string // the setting the error names, or none
	}{
		"an account":                     {config.Push{Tokens: "required", Account: account}, cloud, ""},
		"off on one machine":             {config.Push{Tokens: "off"}, local, ""},
		"a front end":                    {config.Push{Tokens: "front-end", Account: account}, cloud, ""},
		"a front end that is not there":  {config.Push{Tokens: "front-end", Account: account}, local, "PUSH_TOKENS"},
		"a front end without an account": {config.Push{Tokens: "front-end"}, cloud, "PUSH_ACCOUNT"},
		"off in the cloud":               {config.Push{Tokens: "off", Account: account}, cloud, "PUSH_TOKENS"},
		"off on some machine":            {config.Push{Tokens: "off", Account: account}, config.Platform{}, "PUSH_TOKENS"},
		"off with one emulator":          {config.Push{Tokens: "off"}, config.Platform{PubSubEmulator: "127.0.0.1:2"}, "PUSH_TOKENS"},
		"a wrong word":                   {config.Push{Tokens: "no", Account: account}, local, "PUSH_TOKENS"},
		"no account":                     {config.Push{Tokens: "required"}, cloud, "PUSH_ACCOUNT"},
	} {
		err := c.push.Check(c.on)
		if (err == nil) != (c.names == "") || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: the error is %v, want one that names %q", name, err, c.names)
		}
	}
}
