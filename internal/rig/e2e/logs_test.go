package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// leaksIn lists the secrets and the kinds of personal data in a text, without repeating them.
func leaksIn(text string, secrets []string) (found []string) {
	for i, secret := range secrets {
		if at := strings.Index(text, secret); at >= 0 {
			found = append(found, fmt.Sprintf("secret %d in the line beginning %.60q", i, lineAt(text, at)))
		}
	}
	for what, shape := range personal {
		if at := shape.FindStringIndex(text); at != nil {
			found = append(found, fmt.Sprintf("%s in the line beginning %.60q", what, lineAt(text, at[0])))
		}
	}
	return found
}

func lineAt(text string, at int) string {
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[begin:], "\n")
	return line
}

func TestTheSearchForLeaksFindsThem(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`{"message":"call","email":"mina@example.com"}`,
		`{"message":"call","query":"to=mina%40example.com"}`,
		`{"error":"key (email)=(mina@example.com) exists"}`,
		`{"header":"Bearer 0123456789abcdefghij"}`,
		`{"t":"eyJhbGciOiJFZERTQSJ9.eyJzdWIi.x"}`,
		`{"detail":"password hunter2 is wrong"}`,
	} {
		if len(leaksIn("first\n"+line+"\nlast", []string{"hunter2"})) == 0 {
			t.Errorf("nothing found in %s", line)
		}
	}
	if got := leaksIn(`{"message":"call","route":"POST /v1/users","status":201}`, []string{"hunter2"}); len(got) > 0 {
		t.Errorf("found %v in a clean line", got)
	}
}

// This test makes the calls that are most likely to log too much; every stand's logs are also
// checked when it stops.
func TestTheLogsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	p := s.viewer(t, "en", 1000)
	wrong := "wrong " + uuid.NewString()
	s.secret(wrong)
	again := map[string]any{"email": p.email, "password": p.password, "display_name": "Somebody Else"}
	refused(t, s.call(t, request{method: "POST", path: "/v1/users", body: again}), http.StatusConflict, "email_taken")
	for _, body := range []any{
		map[string]any{"email": p.email, "password": wrong},
		map[string]any{"email": p.email, "password": 7, "extra": p.password},
		[]byte(`{"email":"` + p.email + `","password":"` + p.password),
	} {
		if a := s.call(t, request{method: "POST", path: "/v1/login", body: body}); a.status/100 != 4 {
			t.Errorf("login answers %d %s, want a refusal", a.status, a.body)
		}
	}
	forged := p.token[:len(p.token)-4] + "AAAA"
	s.secret(forged)
	s.call(t, request{method: "GET", path: "/v1/users/me?email=" + p.email + "&token=" + p.token, token: forged})
	rotated := map[string]any{"refresh_token": p.refresh}
	next := read[session](t, s.call(t, request{method: "POST", path: "/v1/token", body: rotated}), http.StatusOK)
	s.secret(next.AccessToken, next.RefreshToken)
	again = map[string]any{"refresh_token": next.RefreshToken}
	next = read[session](t, s.call(t, request{method: "POST", path: "/v1/token", body: again}), http.StatusOK)
	s.secret(next.AccessToken, next.RefreshToken)
	refused(t, s.call(t, request{method: "POST", path: "/v1/token", body: rotated}), http.StatusUnauthorized, "token_reused")
	next = read[session](t, s.call(t, request{method: "POST", path: "/v1/login", body: map[string]any{"email": p.email, "password": p.password}}), http.StatusOK)
	s.secret(next.AccessToken, next.RefreshToken)
	changed := "staple wagon " + uuid.NewString()
	s.secret(changed)
	change := map[string]any{"current_password": p.password, "new_password": changed}
	next = read[session](t, s.call(t, request{method: "PUT", path: "/v1/users/me/password", token: next.AccessToken, body: change}), http.StatusOK)
	s.secret(next.AccessToken, next.RefreshToken)
	refused(t, s.call(t, request{method: "PUT", path: "/v1/users/me/password", token: next.AccessToken, body: change}), http.StatusUnauthorized, "bad_credentials")
	s.call(t, request{method: "GET", path: "/nowhere/" + p.email})
	if err := s.leaks(); err != nil {
		t.Error(err)
	}
}
