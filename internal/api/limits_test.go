package api_test

import (
	"net/http"
	"testing"
	"time"

	"example.com/missionpot/internal/api"
)

// limited is a stand with limits, whose clock stands still.
func limited(t *testing.T, set func(*api.Dependencies)) *stand {
	t.Helper()
	now := time.Now()
	return newStand(t, func(_ *stand, d *api.Dependencies) {
		d.TrustedHops, d.Now = 1, func() time.Time { return now }
		set(d)
	})
}

func TestCallsOfAnAddressAreLimitedAndToldSo(t *testing.T) {
	t.Parallel()
	s := limited(t, func(d *api.Dependencies) { d.PerAddress = 3 })
	from := func(address, path string) reply { return s.get(path, "", "X-Forwarded-For", address) }
	for left, want := range []string{`"address";r=2;t=20`, `"address";r=1;t=40`, `"address";r=0;t=60`} {
		r := from("192.0.2.1", "/v1/streamers").want(http.StatusOK)
		if got := r.header.Get("RateLimit"); got != want {
			t.Errorf("call %d: RateLimit is %s, want %s", left+1, got, want)
		}
		if got := r.header.Get("RateLimit-Policy"); got != `"address";q=3;w=60` {
			t.Errorf("RateLimit-Policy is %s", got)
		}
	}
	over := from("192.0.2.1", "/v1/streamers")
	over.refused(http.StatusTooManyRequests, "too_many_requests")
	if got := over.header.Get("Retry-After"); got != "20" {
		t.Errorf("Retry-After is %s, want 20 seconds", got)
	}
	from("192.0.2.1", "/nothing").refused(http.StatusTooManyRequests, "too_many_requests")
	from("192.0.2.1", "/healthz").want(http.StatusOK)
	from("192.0.2.2", "/v1/streamers").want(http.StatusOK)
}

func TestCallsOfAPersonAreLimitedFromEverywhereTogether(t *testing.T) {
	t.Parallel()
	s := limited(t, func(d *api.Dependencies) { d.PerUser, d.PerAddress = 2, 100 })
	mina, jun := s.signUp("mina", false), s.signUp("jun", false)
	for _, address := range []string{"192.0.2.1", "192.0.2.2"} {
		r := s.get("/v1/users/me", mina.token, "X-Forwarded-For", address).want(http.StatusOK)
		if got := r.header.Get("RateLimit-Policy"); got != `"address";q=100;w=60, "user";q=2;w=60` {
			t.Errorf("RateLimit-Policy is %s, want both limits", got)
		}
	}
	s.get("/v1/users/me", mina.token, "X-Forwarded-For", "192.0.2.3").refused(http.StatusTooManyRequests, "too_many_requests")
	s.get("/v1/users/me", jun.token, "X-Forwarded-For", "192.0.2.3").want(http.StatusOK)
}

func TestAnAddressMakesFewAccounts(t *testing.T) {
	t.Parallel()
	s := limited(t, func(d *api.Dependencies) { d.SignUps = 1 })
	s.signUp("mina", false)
	s.call(http.MethodPost, "/v1/users", "", object{"email": "jun@example.com", "password": goodPassword, "display_name": "Jun"}).
		refused(http.StatusTooManyRequests, "too_many_requests")
	s.get("/v1/streamers", "").want(http.StatusOK)
}
