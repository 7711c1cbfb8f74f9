package push_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/missionpot/internal/cloud/push"
	"example.com/missionpot/internal/core/fault"
)

// tokensOf answers every token with one error and remembers the audience.
type tokensOf struct {
	err      error
	audience string
}

func (k *tokensOf) Check(_ context.Context, _, audience string) error {
	k.audience = audience
	return k.err
}

func TestAPushWithoutAGoodTokenNeverReachesTheHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		err    error
		want   int
	}{
		"a good token":               {"Bearer abc", nil, http.StatusNoContent},
		"in small letters":           {"bearer abc", nil, http.StatusNoContent},
		"no token":                   {"", nil, http.StatusUnauthorized},
		"a scheme alone":             {"Bearer ", nil, http.StatusUnauthorized},
		"a password":                 {"Basic abc", nil, http.StatusUnauthorized},
		"a bad token":                {"Bearer abc", fault.Unauthenticated.Because("no"), http.StatusUnauthorized},
		"another account's":          {"Bearer abc", fault.Forbidden.Because("no"), http.StatusForbidden},
		"one that can't be checked":  {"Bearer abc", errors.New("no keys"), http.StatusInternalServerError},
		"two words behind the token": {"Bearer abc def", fault.Unauthenticated.Because("no"), http.StatusUnauthorized},
	} {
		reached := false
		tokens := &tokensOf{err: c.err}
		only := push.Only(tokens, "", func(w http.ResponseWriter, _ *http.Request) {
			reached = true
			w.WriteHeader(http.StatusNoContent)
		})
		r := httptest.NewRequest(http.MethodPost, "https://holdbets.example/", nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		only(w, r)
		if w.Code != c.want || reached != (c.want == http.StatusNoContent) {
			t.Errorf("%s: answered %d, reached %t, want %d", name, w.Code, reached, c.want)
		}
		if tokens.audience != "" && tokens.audience != "https://holdbets.example" {
			t.Errorf("%s: the audience is %q, want the address that was called", name, tokens.audience)
		}
	}
}
