package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"example.com/missionpot/internal/api/people"
)

const otherPassword = "staple wagon of the north"

func (s *stand) changePassword(token, current, next string) reply {
	s.t.Helper()
	return s.call(http.MethodPut, "/v1/users/me/password", token, object{"current_password": current, "new_password": next})
}

func TestAChangedPasswordIsTheOneToSignInWithAndTheOthersAreSignedOut(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	phone := read[people.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	laptop := read[people.TokenPair](s.changePassword(phone.AccessToken, goodPassword, otherPassword).want(http.StatusOK))
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": phone.RefreshToken}).refused(http.StatusUnauthorized, "unauthenticated")
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": laptop.RefreshToken}).want(http.StatusOK)
	s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "bad_credentials")
	s.login("mina@example.com", otherPassword).want(http.StatusOK)
}

func TestATokenAloneDoesNotChangeAPassword(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	s.changePassword("", goodPassword, otherPassword).refused(http.StatusUnauthorized, "unauthenticated")
	for range 10 {
		s.changePassword(mina.token, "guess", otherPassword).refused(http.StatusUnauthorized, "bad_credentials")
	}
	// The guesses are those of signing in: here and there no more are taken.
	s.changePassword(mina.token, goodPassword, otherPassword).refused(http.StatusTooManyRequests, "too_many_requests")
	s.login("mina@example.com", goodPassword).refused(http.StatusTooManyRequests, "too_many_requests")
}

func TestANewPasswordFollowsTheRulesOfTheFirst(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	for _, password := range []string{"short", "passwordpassword", "mina@example.com"} {
		p := s.changePassword(mina.token, goodPassword, password).refused(http.StatusUnprocessableEntity, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.new_password" {
			t.Errorf("%q: the refusal names %+v, want body.new_password", password, p.Errors)
		}
	}
	s.leave(mina).want(http.StatusNoContent)
	s.changePassword(mina.token, goodPassword, otherPassword).refused(http.StatusUnauthorized, "unauthenticated")
}

func TestWhatIsTriedAtAnAccountIsLoggedByItsID(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	s.login("mina@example.com", "guess").refused(http.StatusUnauthorized, "bad_credentials")
	s.login("nobody@example.com", "guess").refused(http.StatusUnauthorized, "bad_credentials")
	pair := read[people.TokenPair](s.login("mina@example.com", goodPassword).want(http.StatusOK))
	next := read[people.TokenPair](s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": pair.RefreshToken}).want(http.StatusOK))
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": next.RefreshToken}).want(http.StatusOK)
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": pair.RefreshToken}).refused(http.StatusUnauthorized, "token_reused")
	mina.token = s.sign(mina.id)
	s.get("/v1/deadletters", mina.token).refused(http.StatusForbidden, "forbidden")
	s.changePassword(mina.token, goodPassword, otherPassword).want(http.StatusOK)
	s.call(http.MethodDelete, "/v1/users/me/sessions", s.sign(mina.id), nil).want(http.StatusNoContent)
	s.call(http.MethodDelete, "/v1/users/me", s.sign(mina.id), object{"current_password": otherPassword}).want(http.StatusNoContent)
	const nobody = "00000000-0000-0000-0000-000000000000"
	for _, want := range []struct{ action, user, outcome string }{
		{"sign_up", mina.id.String(), "done"},
		{"sign_in", mina.id.String(), "bad_credentials"},
		{"sign_in", nobody, "bad_credentials"},
		{"sign_in", mina.id.String(), "done"},
		{"refresh", mina.id.String(), "token_reused"},
		{"call", mina.id.String(), "forbidden"},
		{"change_password", mina.id.String(), "done"},
		{"sign_out_everywhere", mina.id.String(), "done"},
		{"leave", mina.id.String(), "done"},
	} {
		line := fmt.Sprintf(`"action":%q,"user":%q,"outcome":%q`, want.action, want.user, want.outcome)
		if !s.logHas(line) {
			t.Errorf("the log has no line with %s", line)
		}
	}
}
