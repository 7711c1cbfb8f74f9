package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"example.com/missionpot/internal/rig/standtest"
	"example.com/missionpot/internal/rig/storetest"
	"example.com/missionpot/migrations"
)

// output runs the command and returns what it printed.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), strings.NewReader(""), &out, args); err != nil {
		t.Fatalf("operator %v: %v", args, err)
	}
	return out.String()
}

// Not parallel: the command reads the environment.
func TestTheCommandRecordsGrantsAndRevocations(t *testing.T) {
	users := storetest.NewUsers(t)
	t.Setenv("USERS_DATABASE_URL", standtest.Programs(t, users.Pool.Config().ConnString(), migrations.Users)["operator"])
	id := users.User(0).String()
	users.Exec(`UPDATE users SET email = 'mina@example.com', display_name = 'Mina'`)
	if out := output(t, "-as", "kim", "grant", " Mina@Example.com "); !strings.Contains(out, id) {
		t.Errorf("the grant says %q, want the id %s", out, id)
	}
	if out := output(t, "list"); out != id+"  Mina\n" {
		t.Errorf("the list is %q, want Mina alone", out)
	}
	output(t, "-as", "lee", "revoke", "mina@example.com")
	if out := output(t, "list"); out != "" {
		t.Errorf("the list is %q, want it empty", out)
	}
	if out := output(t, "-as", "kim", "sign-out", "mina@example.com"); !strings.Contains(out, id) {
		t.Errorf("the sign-out says %q, want the id %s", out, id)
	}
	if out := output(t, "-as", "lee", "remove-second-factor", "mina@example.com"); !strings.Contains(out, id) {
		t.Errorf("removing the second factor says %q, want the id %s", out, id)
	}
	log := strings.Split(strings.TrimSpace(output(t, "audit-log")), "\n")
	want := []string{"command:lee  remove_second_factor " + id, "command:kim  sign_out " + id, "command:lee  revoke_operator " + id, "command:kim  grant_operator " + id}
	if !slices.EqualFunc(log, want, strings.HasSuffix) {
		t.Errorf("the audit log is %q, want what was done, the latest first: %q", log, want)
	}
}
