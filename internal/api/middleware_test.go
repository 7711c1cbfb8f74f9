package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/edge"
	"example.com/missionpot/internal/core/fault"
	"example.com/missionpot/internal/core/mission"
	"example.com/missionpot/internal/store/peopledb"
	"example.com/missionpot/internal/store/pg"
)

// broken missions panic or fail with an inner text.
type brokenMissions struct {
	api.Missions
	panics bool
}

func (b brokenMissions) ByID(context.Context, uuid.UUID) (mission.Mission, error) {
	if b.panics {
		panic("the secret of the panic")
	}
	return mission.Mission{}, errors.New("the secret of the database")
}

func TestInnerErrorsAreLoggedAndNeverShown(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{true, false} {
		s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Missions = brokenMissions{d.Missions, panics} })
		r := s.get("/v1/missions/"+uuid.NewString(), "")
		r.refused(http.StatusInternalServerError, "internal")
		if strings.Contains(string(r.body), "secret") {
			t.Errorf("the answer shows the inner text: %s", r.body)
		}
		if !s.logHas("the secret of the") {
			t.Errorf("the log does not say what happened: %s", s.logged.String())
		}
	}
}

// A database that is away is no bug of ours: the client may come back.
func TestADatabaseThatIsAwayIs503(t *testing.T) {
	t.Parallel()
	away, err := pg.Open(t.Context(), pg.Users, "postgres://nobody@127.0.0.1:1/none", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(away.Close)
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.Accounts = peopledb.New(away) })
	r := s.get("/v1/users/"+uuid.NewString(), "")
	r.refused(http.StatusServiceUnavailable, "unavailable")
	if r.header.Get("Retry-After") == "" {
		t.Error("the 503 does not say when to come back")
	}
}

func TestReadinessNamesThePartThatFails(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) {
		d.Probes = append(d.Probes,
			edge.Probe{Name: "broken part", Ping: func(context.Context) error { return errors.New("the secret of the part") }},
			edge.Probe{Name: "hanging part", Ping: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
	})
	s.get("/healthz", "").want(http.StatusOK)
	began := time.Now()
	p := s.get("/readyz", "").refused(http.StatusServiceUnavailable, "unavailable")
	if took := time.Since(began); took > 10*time.Second+slack {
		t.Errorf("a part that hangs held the answer for %v", took)
	}
	if len(p.Errors) != 2 || p.Errors[0].Location != "broken part" || p.Errors[1].Location != "hanging part" {
		t.Errorf("the failing parts are %+v", p.Errors)
	}
	if strings.Contains(p.Errors[0].Message, "secret") {
		t.Errorf("the answer shows the inner text: %+v", p.Errors)
	}
}

func TestEveryAnswerHasItsHeadersAndItsLine(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for path, status := range map[string]int{
		"/v1/users/me": http.StatusOK, "/v1/missions?status=active": http.StatusOK, "/nothing?secret=1": http.StatusNotFound,
	} {
		r := s.get(path, mina.token, "traceparent", traceparent).want(status)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy":   "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Frame-Options": "DENY",
			"X-Permitted-Cross-Domain-Policies": "none", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
			"X-Request-Id":       "0af7651916cd43dd8448eb211c80319c",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	if !s.logHas(`"route":"GET /v1/users/me","status":200`) || !s.logHas(`"route":"","status":404`) {
		t.Errorf("the access log is %s", s.logged.String())
	}
	for line := range strings.Lines(s.logged.String()) {
		for _, secret := range []string{"secret=1", "status=active", mina.token, mina.id.String()} {
			// Only a line of security names an account, by its id.
			named := secret == mina.id.String() && strings.Contains(line, `"msg":"security"`)
			if strings.Contains(line, secret) && !named {
				t.Errorf("the log has %q in the line %s", secret, line)
			}
		}
	}
}

func TestThePagesNeedNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := s.get("/docs", "").want(http.StatusOK)
	page := string(r.body)
	if csp := r.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") {
		t.Errorf("the policy of the pages is %q", csp)
	}
	for _, foreign := range []string{"<script", "http://", "https://", "style="} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q in it", foreign)
		}
	}
	for _, call := range contractCalls {
		_, path, _ := strings.Cut(call, " ")
		if !strings.Contains(page, "<code>"+path+"</code>") {
			t.Errorf("the page does not have %s", call)
		}
	}
	for _, kind := range fault.Kinds() {
		if !strings.Contains(page, `id="`+kind.Code+`"`) {
			t.Errorf("the page does not explain the code %s", kind.Code)
		}
	}
	for path, media := range map[string]string{
		"/docs/style.css": "text/css; charset=utf-8", "/openapi.json": "application/openapi+json", "/openapi.yaml": "application/openapi+yaml",
	} {
		if got := s.get(path, "").want(http.StatusOK).header.Get("Content-Type"); got != media {
			t.Errorf("%s is %q, want %q", path, got, media)
		}
	}
}
