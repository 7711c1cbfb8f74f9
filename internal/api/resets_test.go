package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/core/account"
)

func (s *stand) forgot(email string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/password-resets", "", object{"email": email})
}

func (s *stand) redeem(code, next string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/password-resets/redeem", "", object{"code": code, "new_password": next})
}

// mailed is the code of the mail that is due, as the mail step would make it.
func (s *stand) mailed() string {
	s.t.Helper()
	code := account.NewCode()
	due, err := s.users.People.ClaimReset(s.t.Context(), code.Hash(), account.ResetTime, time.Minute)
	s.ok(err)
	if due == nil {
		s.t.Fatal("no mail with a code is due, want one")
	}
	return string(code)
}

// code is a good code of somebody's.
func (s *stand) code(name string) string {
	s.t.Helper()
	s.forgot(name + "@example.com").want(http.StatusAccepted)
	return s.mailed()
}

func TestAForgottenPasswordIsReplacedByWhoReadsTheMails(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	phone := s.signIn("mina")
	code := s.code("mina")
	fresh := read[people.TokenPair](s.redeem(" "+strings.ToLower(code)+"\n", otherPassword).want(http.StatusOK))
	s.get("/v1/users/me", fresh.AccessToken).want(http.StatusOK)
	s.call(http.MethodPost, "/v1/token", "", object{"refresh_token": phone.RefreshToken}).refused(http.StatusUnauthorized, "unauthenticated")
	s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "bad_credentials")
	s.login("mina@example.com", otherPassword).want(http.StatusOK)
	s.redeem(code, goodPassword).refused(http.StatusUnauthorized, "bad_credentials")
	s.login("mina@example.com", otherPassword).want(http.StatusOK)
}

func TestAskingForACodeTellsNobodyWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	// What differs for every call says nothing.
	answer := func(email string) string {
		r := s.forgot(email).want(http.StatusAccepted)
		for _, name := range []string{"Date", "X-Request-Id"} {
			r.header.Del(name)
		}
		return fmt.Sprint(r.status, r.header, string(r.body))
	}
	for range 3 {
		if diff := cmp.Diff(answer("mina@example.com"), answer("nobody@example.com")); diff != "" {
			t.Errorf("the answers differ (-somebody +nobody):\n%s", diff)
		}
	}
	for _, email := range []string{"mina@example.com", "nobody@example.com"} {
		r := s.forgot(email)
		r.refused(http.StatusTooManyRequests, "too_many_requests")
		if r.header.Get("Retry-After") == "" {
			t.Errorf("the fourth code for %s is refused without a time to wait", email)
		}
	}
	s.mailed() // the one mail of three times asking
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
}

func TestOneAddressDoesNotMailCodesToMany(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for i := range 20 {
		s.forgot(fmt.Sprintf("viewer-%d@example.com", i)).want(http.StatusAccepted)
	}
	s.forgot("mina@example.com").refused(http.StatusTooManyRequests, "too_many_requests")
}

func TestACodeIsGoodForAnHourAndUntilTheNextOne(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.signUp("mina", false)
	s.redeem(string(account.NewCode()), otherPassword).refused(http.StatusUnauthorized, "bad_credentials")
	first := s.code("mina")
	second := s.code("mina")
	s.redeem(first, otherPassword).refused(http.StatusUnauthorized, "bad_credentials")
	_, err := s.users.Pool.Exec(t.Context(), `UPDATE password_resets SET lapses_at = clock_timestamp()`)
	s.ok(err)
	s.redeem(second, otherPassword).refused(http.StatusUnauthorized, "bad_credentials")
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
}

func TestABadPasswordDoesNotUseTheCodeUp(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	code := s.code("mina")
	for _, password := range []string{"short", "passwordpassword", "mina@example.com"} {
		p := s.redeem(code, password).refused(http.StatusUnprocessableEntity, "invalid")
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.new_password" {
			t.Errorf("%q: the refusal names %+v, want body.new_password", password, p.Errors)
		}
	}
	s.redeem(code, otherPassword).want(http.StatusOK)
	left := s.code("mina")
	mina.token = s.sign(mina.id)
	s.call(http.MethodDelete, "/v1/users/me", mina.token, object{"current_password": otherPassword}).want(http.StatusNoContent)
	s.redeem(left, goodPassword).refused(http.StatusUnauthorized, "bad_credentials")
	for _, want := range []string{
		`"action":"ask_reset","user":"` + mina.id.String() + `","outcome":"done"`,
		`"action":"reset_password","user":"` + mina.id.String() + `","outcome":"invalid"`,
		`"action":"reset_password","user":"` + mina.id.String() + `","outcome":"done"`,
	} {
		if !s.logHas(want) {
			t.Errorf("the log has no line with %s", want)
		}
	}
	if s.logHas(code) || s.logHas(left) {
		t.Error("a code is in the log")
	}
}
