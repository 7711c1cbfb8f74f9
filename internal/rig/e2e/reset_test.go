package e2e_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/uuid"
)

var codeShape = regexp.MustCompile(`(?m)^[A-Z2-7]{26}$`)

// The whole path: the API stores the request, a tick starts the mail step, and the code from the
// mail opens the account. The code is also among the secrets that the stand looks for in the logs.
func TestAForgottenPasswordIsResetByMail(t *testing.T) {
	t.Parallel()
	s := sharedSystem(t)
	p := s.viewer(t, "en", 1000)
	for _, email := range []string{p.email, "nobody-" + uuid.NewString() + "@people.example"} {
		s.secret(email)
		if a := s.call(t, request{method: "POST", path: "/v1/password-resets", body: map[string]any{"email": email}}); a.status != http.StatusAccepted {
			t.Fatalf("asking for a code answers %d %s, want 202", a.status, a.body)
		}
	}
	var code string
	eventually(t, func() string {
		mails, _ := s.Mailbox.Messages(p.email)
		for _, m := range mails {
			if code = codeShape.FindString(m.Text); code != "" {
				return ""
			}
		}
		return "no code came to " + p.name
	})
	changed := "staple wagon " + uuid.NewString()
	s.secret(code, changed)
	redeem := request{method: "POST", path: "/v1/password-resets/redeem", body: map[string]any{"code": code, "new_password": changed}}
	next := read[session](t, s.call(t, redeem), http.StatusOK)
	s.secret(next.AccessToken, next.RefreshToken)
	refused(t, s.call(t, redeem), http.StatusUnauthorized, "bad_credentials")
	refused(t, s.call(t, request{method: "POST", path: "/v1/login", body: map[string]any{"email": p.email, "password": p.password}}),
		http.StatusUnauthorized, "bad_credentials")
	login := s.call(t, request{method: "POST", path: "/v1/login", body: map[string]any{"email": p.email, "password": changed}})
	again := read[session](t, login, http.StatusOK)
	s.secret(again.AccessToken, again.RefreshToken)
}
