package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/missionpot/internal/api/people"
	"example.com/missionpot/internal/auth/totp"
	"example.com/missionpot/internal/core/account"
)

const factorPath = "/v1/users/me/second-factor"

// authenticator is somebody's app that makes codes.
type authenticator struct {
	*stand
	secret totp.Secret
	step   int64 // of the newest code it has shown
}

// beginFactor gives somebody an app, whose second factor is not on yet.
func (s *stand) beginFactor(token string) *authenticator {
	s.t.Helper()
	begun := read[people.FactorSecret](s.call(http.MethodPost, factorPath, token, object{"current_password": goodPassword}).want(http.StatusCreated))
	if !strings.Contains(begun.URI, "secret="+begun.Secret) {
		s.t.Errorf("the URI %s does not hold the secret %s", begun.URI, begun.Secret)
	}
	secret, err := totp.SecretOf(begun.Secret)
	s.ok(err)
	return &authenticator{stand: s, secret: secret}
}

// next is a code that was not shown before. The second one is of a fast clock, so that
// a test need not wait for the next step; there is no third.
func (a *authenticator) next() string {
	a.t.Helper()
	if a.step = max(a.step+1, totp.Step(time.Now())); a.step > totp.Step(time.Now())+1 {
		a.t.Fatal("the app has no new code for this step")
	}
	code, err := a.secret.Code(a.step)
	a.ok(err)
	return code
}

// turnOn gives somebody a second factor.
func (s *stand) turnOn(token string) (*authenticator, []account.Code) {
	s.t.Helper()
	a := s.beginFactor(token)
	return a, read[people.RecoveryCodes](s.confirm(token, a.next()).want(http.StatusOK)).Codes
}

// confirm sends a code of an app back.
func (s *stand) confirm(token, code string) reply {
	s.t.Helper()
	return s.call(http.MethodPut, factorPath, token, object{"current_password": goodPassword, "code": code})
}

func (s *stand) loginWith(name, password, code string) reply {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/login", "", object{"email": name + "@example.com", "password": password, "code": code})
}

func TestASecondFactorIsAskedForAndItsCodesWorkOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	a, recovery := s.turnOn(mina.token)
	if got := read[people.FactorState](s.get(factorPath, mina.token).want(http.StatusOK)); !got.On || got.RecoveryCodes != 10 {
		t.Errorf("the state is %+v, want on with 10 recovery codes", got)
	}
	s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "second_factor_required")
	s.loginWith("mina", "a wrong password", a.next()).refused(http.StatusUnauthorized, "bad_credentials")
	a.step--
	code := a.next()
	s.loginWith("mina", goodPassword, code).want(http.StatusOK)
	s.loginWith("mina", goodPassword, code).refused(http.StatusUnauthorized, "bad_credentials")
	s.loginWith("mina", goodPassword, strings.ToLower(string(recovery[3]))).want(http.StatusOK)
	s.loginWith("mina", goodPassword, string(recovery[3])).refused(http.StatusUnauthorized, "bad_credentials")
	if got := read[people.FactorState](s.get(factorPath, mina.token).want(http.StatusOK)); got.RecoveryCodes != 9 {
		t.Errorf("%d recovery codes are left, want 9", got.RecoveryCodes)
	}
}

func TestGuessingCodesIsHeldOffLikeGuessingPasswords(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	_, recovery := s.turnOn(mina.token)
	for range 3 {
		s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "second_factor_required")
	}
	for range 10 {
		s.loginWith("mina", goodPassword, "no code").refused(http.StatusUnauthorized, "bad_credentials")
	}
	s.loginWith("mina", goodPassword, string(recovery[0])).refused(http.StatusTooManyRequests, "too_many_requests")
}

func TestNeitherATokenNorAMailGetsAroundTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	_, recovery := s.turnOn(mina.token)
	s.call(http.MethodPost, factorPath, mina.token, object{"current_password": goodPassword}).refused(http.StatusConflict, "second_factor_on")
	s.confirm(mina.token, string(recovery[0])).refused(http.StatusConflict, "second_factor_on")
	s.changePassword(mina.token, goodPassword, otherPassword).refused(http.StatusUnauthorized, "second_factor_required")
	s.call(http.MethodPost, factorPath+"/remove", mina.token, object{"current_password": goodPassword}).refused(http.StatusUnauthorized, "second_factor_required")
	s.call(http.MethodPost, factorPath+"/remove", mina.token, object{"current_password": "guess", "code": recovery[0]}).refused(http.StatusUnauthorized, "bad_credentials")

	mailed := s.code("mina")
	redeem := func(code string) reply {
		return s.call(http.MethodPost, "/v1/password-resets/redeem", "", object{"code": mailed, "new_password": otherPassword, "second_factor": code})
	}
	redeem("").refused(http.StatusUnauthorized, "second_factor_required")
	redeem("000000").refused(http.StatusUnauthorized, "bad_credentials")
	redeem(string(recovery[1])).want(http.StatusOK)
	mina.token = s.sign(mina.id)

	s.call(http.MethodPut, "/v1/users/me/password", mina.token, object{"current_password": otherPassword, "new_password": goodPassword, "code": recovery[2]}).want(http.StatusOK)
	mina.token = s.sign(mina.id)
	s.call(http.MethodPost, factorPath+"/remove", mina.token, object{"current_password": goodPassword, "code": recovery[3]}).want(http.StatusNoContent)
	s.call(http.MethodPost, factorPath+"/remove", mina.token, object{"current_password": goodPassword}).want(http.StatusNoContent)
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
}

func TestASecondFactorIsNotAskedForBeforeACodeHasComeBack(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	mina := s.signUp("mina", false)
	s.confirm(mina.token, "000000").refused(http.StatusNotFound, "not_found")
	s.call(http.MethodPost, factorPath, mina.token, object{"current_password": "guess"}).refused(http.StatusUnauthorized, "bad_credentials")
	first := s.beginFactor(mina.token)
	s.confirm(mina.token, "").refused(http.StatusUnauthorized, "bad_credentials")
	second := s.beginFactor(mina.token)
	s.confirm(mina.token, first.next()).refused(http.StatusUnauthorized, "bad_credentials")
	s.login("mina@example.com", goodPassword).want(http.StatusOK)
	s.confirm(mina.token, second.next()).want(http.StatusOK)
	s.login("mina@example.com", goodPassword).refused(http.StatusUnauthorized, "second_factor_required")
	for _, want := range []string{`"action":"turn_second_factor_on","user":"` + mina.id.String() + `","outcome":"done"`, `"outcome":"second_factor_required"`} {
		if !s.logHas(want) {
			t.Errorf("the log has no line with %s", want)
		}
	}
	if s.logHas(second.secret.Text()) {
		t.Error("a secret is in the log")
	}
}
