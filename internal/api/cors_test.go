package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
)

func browser(t *testing.T, origins []string, method string, headers ...string) *http.Response {
	t.Helper()
	handler, err := api.AllowOrigins(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), origins)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/v1/missions", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result()
}

const app = "https://app.example.com"

func TestNoOriginIsAllowedUnlessItIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		origins []string
		origin  string
	}{
		"none is named":            {nil, app},
		"another one is":           {[]string{app}, "https://evil.example"},
		"a longer name":            {[]string{app}, app + ".evil.example"},
		"another scheme":           {[]string{app}, "http://app.example.com"},
		"another port":             {[]string{app}, app + ":8443"},
		"a page without an origin": {[]string{app}, "null"},
	} {
		answer := browser(t, c.origins, http.MethodGet, "Origin", c.origin)
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "" || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d allows %q, want an answer that allows nothing", name, answer.StatusCode, got)
		}
	}
}

func TestANamedOriginReadsAnswersAndNeverWithCookies(t *testing.T) {
	t.Parallel()
	answer := browser(t, []string{app}, http.MethodGet, "Origin", app)
	if got := answer.Header.Get("Access-Control-Allow-Origin"); got != app {
		t.Errorf("allows %q, want %s", got, app)
	}
	if got := answer.Header.Get("Access-Control-Allow-Credentials"); got != "" {
		t.Errorf("credentials are %q, want them never allowed", got)
	}
	if got := answer.Header.Get("Vary"); got != "Origin" {
		t.Errorf("Vary is %q, want Origin: a cache must not give one origin's answer to another", got)
	}
}

func TestAPageOfThisMachineIsAllowedOnAnyPortWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for origin, allowed := range map[string]bool{
		"http://127.0.0.1:5173": true, "http://localhost:3000": true,
		"http://localhost.evil.example:3000": false, "http://evil.example:3000": false, "https://localhost:3000": false,
	} {
		want := map[bool]string{true: origin}[allowed]
		answer := browser(t, edge.ThisMachine, http.MethodGet, "Origin", origin)
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: allows %q, want %q", origin, got, want)
		}
	}
}

func TestABrowserAsksOnceAndRemembers(t *testing.T) {
	t.Parallel()
	ask := []string{"Origin", app, "Access-Control-Request-Method", "DELETE", "Access-Control-Request-Headers", "authorization,idempotency-key"}
	answer := browser(t, []string{app}, http.MethodOptions, ask...)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": app, "Access-Control-Allow-Methods": "DELETE",
		"Access-Control-Allow-Headers": "authorization,idempotency-key", "Access-Control-Max-Age": "7200",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	ask[5] = "x-anything"
	if got := browser(t, []string{app}, http.MethodOptions, ask...).Header.Get("Access-Control-Allow-Headers"); got != "" {
		t.Errorf("a header nobody needs is allowed: %q", got)
	}
}

func TestWhatIsNoOriginIsRefused(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"*", "https://*.example.com/", "https://*", "https://*.example.com", "http://10.0.0.1:*", "app.example.com", app + "/", "ftp://app.example.com", "null"} {
		if _, err := api.AllowOrigins(http.NotFoundHandler(), []string{origin}); err == nil {
			t.Errorf("%q was taken for an origin", origin)
		}
	}
}

// A browser shows a script only the headers that are exposed to it.
func TestScriptsReadEveryHeaderOfTheDocument(t *testing.T) {
	t.Parallel()
	exposed := strings.Split(browser(t, []string{app}, http.MethodGet, "Origin", app).Header.Get("Access-Control-Expose-Headers"), ", ")
	_, operations := documentOperations(t)
	for name, op := range operations {
		for status, response := range op.Responses.Map() {
			for header := range response.Value.Headers {
				named := slices.ContainsFunc(exposed, func(e string) bool { return strings.EqualFold(e, header) })
				if !named && header != "Cache-Control" { // which every script may read
					t.Errorf("%s %s: scripts can't read %s; they read %v", name, status, header, exposed)
				}
			}
		}
	}
}
