package api_test

import (
	"net/http"
	"testing"

	"example.com/missionpot/internal/api"
)

func (s *stand) login(email, password string, headers ...string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/login", "", object{"email": email, "password": password}, headers...)
}

func TestSigningOutEverywhereLeavesOnlyAccessTokensThatRunOut(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	phone := read[api.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	laptop := read[api.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	for range 2 {
		s.call(http.MethodDelete, "/v1/users/me/sessions", phone.AccessToken, nil).want(http.StatusNoContent)
	}
	for _, pair := range []api.TokenPair{phone, laptop} {
		s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": pair.RefreshToken}).refused(http.StatusUnauthorized, "unauthenticated")
		s.get("/v1/users/me", pair.AccessToken).want(http.StatusOK)
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
