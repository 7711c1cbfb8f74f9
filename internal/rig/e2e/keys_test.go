package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"example.com/missionpot/internal/auth/token"
	"example.com/missionpot/internal/rig/stand"
)

// A rotation of the signing keys, as in docs/operating/playbooks/key-rotation.md: three sets, and a restart
// after each.
func TestARotationOfTheKeysSignsNobodyOut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	set, err := token.GenerateSet()
	if err != nil {
		t.Fatal(err)
	}
	write := func() {
		if err := os.WriteFile(file, set, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	s := ownSystem(t, func(c *stand.SystemConfig) {
		c.APIEnv = append(c.APIEnv, "TOKEN_KEYS=", "TOKEN_KEYS_FILE="+file)
	})
	early := s.viewer(t, "en", 1_000) // signed in before the rotation
	refresh := func() {
		body := map[string]any{"refresh_token": early.refresh}
		pair := read[session](t, s.call(t, request{method: http.MethodPost, path: "/v1/token", body: body}), http.StatusOK)
		early.token, early.refresh = pair.AccessToken, pair.RefreshToken
		s.secret(early.token, early.refresh)
	}
	for _, step := range []struct {
		name   string
		change func([]byte) ([]byte, error)
		good   bool // whether the access token from before the rotation is good
	}{{"add", token.AddKey, true}, {"use", token.UseNewKey, true}, {"drop", token.DropOldKeys, false}} {
		if set, err = step.change(set); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		write()
		if err := s.API.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.API.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := http.StatusOK
		if !step.good {
			want = http.StatusUnauthorized // the test does not wait 15 minutes for it to expire
		}
		if a := early.get(t, "/v1/users/me"); a.status != want {
			t.Errorf("%s: the access token from before the rotation answers %d, want %d", step.name, a.status, want)
		}
	}
	refresh()
	if early.cash(t).Available != 1_000 {
		t.Error("after the refresh the wallet differs")
	}
	s.viewer(t, "en", 1_000)
}

// As in a deployment, the limits are on, and every answer shows them.
func TestTheLimitsAreOnUnlessTheyAreSwitchedOff(t *testing.T) {
	t.Parallel()
	s := ownSystem(t, func(c *stand.SystemConfig) {
		c.APIEnv = append(c.APIEnv, "LIMIT_PER_ADDRESS=", "LIMIT_PER_USER=", "LIMIT_SIGN_UPS=", "CORS_ORIGINS=https://app.example.com")
	})
	p := s.viewer(t, "en", 1_000)
	a := p.get(t, "/v1/users/me")
	if got, want := a.header.Get("RateLimit-Policy"), `"address";q=1200;w=60, "user";q=600;w=60`; got != want {
		t.Errorf("RateLimit-Policy is %s, want %s", got, want)
	}
	if a.header.Get("RateLimit") == "" {
		t.Error("the answer does not say what is left of the limit")
	}
	if a.header.Get("Vary") != "Origin" {
		t.Error("the setting of the allowed origins is not read")
	}
}
