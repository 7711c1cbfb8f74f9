package api_test

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"example.com/missionpot/internal/api"
	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/fault"
)

func (s *stand) login(email, password string, headers ...string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/login", "", object{"email": email, "password": password}, headers...)
}

func TestSigningOutEverywhereEndsAccessTokensToo(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	phone := read[people.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	laptop := read[people.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	s.call(http.MethodDelete, "/v1/users/me/sessions", phone.AccessToken, nil).want(http.StatusNoContent)
	for _, pair := range []people.TokenPair{phone, laptop} {
		s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": pair.RefreshToken}).refused(http.StatusUnauthorized, "unauthenticated")
		s.get("/v1/users/me", pair.AccessToken).refused(http.StatusUnauthorized, "unauthenticated")
	}
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
	s.call(http.MethodDelete, "/v1/users/me/sessions", "", nil).refused(http.StatusUnauthorized, "unauthenticated")
}

func TestAPasswordThatAGuesserTriesFirstIsRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for _, password := range []string{"correct horse", "passwordpassword", "mina@example.com", "Mina Kim Mina Kim"} {
		p := s.call(http.MethodPost, "/v1/users", "", object{
			"email": "mina@example.com", "password": password, "display_name": "Mina Kim",
		}).refused(http.StatusUnprocessableEntity, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.password" {
			t.Errorf("%q: the refusal names %+v, want body.password", password, p.Errors)
		}
	}
}

// The same text is composed on one keyboard and in pieces on another.
func TestOnePersonSignsInFromEveryKeyboard(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.call(http.MethodPost, "/v1/users", "", object{
		"email": "mina@example.com", "password": "caf\u00e9 on the corner", "display_name": "Mina",
	}).want(http.StatusCreated)
	s.login("mina@example.com", "cafe\u0301 on the corner").want(http.StatusOK)
	s.login("mina@example.com", "cafe on the corner").refused(http.StatusUnauthorized, "bad_credentials")
}

func TestGuessingAtOneAccountIsStoppedWhereItComesFromAndNotElsewhere(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(_ *stand, d *api.Dependencies) { d.TrustedHops = 1 })
	s.signUp("mina", false)
	attacker, owner := []string{"X-Forwarded-For", "203.0.113.9"}, []string{"X-Forwarded-For", "192.0.2.1"}
	for i := range 10 {
		if r := s.login("mina@example.com", "guess", attacker...); r.status != http.StatusUnauthorized {
			t.Fatalf("guess %d answered %d, want 401", i+1, r.status)
		}
	}
	for _, password := range []string{"guess", goodPassword} {
		r := s.login("mina@example.com", password, attacker...)
		r.refused(http.StatusTooManyRequests, "too_many_requests")
		if wait, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || wait < 1 || wait > 600 {
			t.Errorf("Retry-After is %q, want ten minutes at most", r.header.Get("Retry-After"))
		}
	}
	s.login("mina@example.com", goodPassword, owner...).want(http.StatusOK)
	s.login("jun@example.com", "guess", attacker...).want(http.StatusUnauthorized)
}

// The same, step by step, for an address that nobody has: or the limit would reveal it.
func TestGuessingAtNobodysAccountIsStoppedAlike(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for range 10 {
		s.login("nobody@example.com", "guess").refused(http.StatusUnauthorized, "bad_credentials")
	}
	s.login("nobody@example.com", "guess").refused(http.StatusTooManyRequests, "too_many_requests")
}

// countedPasswords counts the hashes that are compared, and can have no place.
type countedPasswords struct {
	people.Passwords
	compared atomic.Int64
	full     atomic.Bool
}

func (c *countedPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	if c.full.Load() {
		return false, fault.Unavailable
	}
	c.compared.Add(1)
	return c.Passwords.Verify(ctx, password, hash)
}

// The hasher does the work against a decoy; its own tests measure that.
func TestAnAddressWithoutAnAccountTakesTheSameWork(t *testing.T) {
	t.Parallel()
	counted := &countedPasswords{}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { counted.Passwords, d.Passwords = d.Passwords, counted })
	s.signUp("mina", false)
	for _, email := range []string{"mina@example.com", "nobody@example.com"} {
		before := counted.compared.Load()
		s.login(email, "guess").refused(http.StatusUnauthorized, "bad_credentials")
		if n := counted.compared.Load() - before; n != 1 {
			t.Errorf("%s: %d passwords compared, want 1", email, n)
		}
	}
}

func TestATryThatWasNotLookedAtIsNotCounted(t *testing.T) {
	t.Parallel()
	counted := &countedPasswords{}
	s := newStand(t, func(_ *stand, d *api.Dependencies) { counted.Passwords, d.Passwords = d.Passwords, counted })
	s.signUp("mina", false)
	counted.full.Store(true)
	for range 12 {
		s.login("mina@example.com", goodPassword).refused(http.StatusServiceUnavailable, "unavailable")
	}
	counted.full.Store(false)
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
}
